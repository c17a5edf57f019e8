"""Which hyperparameter a configuration key names: `optimizer.params.lr`, `per_device_train_batch_size`, `lr0`
…

A key is cut into words; words that only say where it stands are taken off; what remains must be one of the
spellings below, whole. So `lr_api_token` is no learning rate.
"""

# ruff: noqa: SIM905 - lists of words read best as text
from __future__ import annotations

import re
from functools import lru_cache

_HUMP = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
#: words before a key that only say where it stands
_PLACES = frozenset(
    "opt optim optimizer optimiser hparams hparam hyperparameters hyperparams hp config "
    "cfg conf args arg params param parameters kwargs "
    "training trainer train model net network init opts options solver trainable the tc "
    "algorithm algo common general main experiment "
    "sgd adam adamw rmsprop fit user custom lightgbm xgboost lgb xgb learner estimator "
    "classifier regressor run settings".split()
)
#: keys of a mapping that name what the mapping is
_TITLES = frozenset(
    {
        "name",
        "type",
        "class name",
        "target",
        "kind",
        "class",
        "cls",
        "func",
        "function",
        "class path",
        "id",
        "identifier",
        "method",
        "mode",
        "policy",
    }
)
#: what a mapping under these words configures is not the training of this model
FOREIGN = frozenset(
    "eval evaluation val valid validation test testing infer inference predict teacher "
    "discriminator critic generator ema swa target "
    "callback callbacks logger logging checkpoint tokenizer tuner search space sweep wandb mlflow".split()
)

_SPELLINGS = """
lr: lr | learning rate | lr 0 | base lr | initial lr | init lr | lr init | initial learning rate | base learning rate | learning rate init | start lr | eta | eta 0 | lrate | learningrate | peak lr | max lr | peak learning rate | max learning rate | lr max | starting lr | l r | lr base | blr | lr value | starting learning rate
min_lr: min lr | eta min | lr min | lr end | final lr | lr final | end lr | minimum lr | min learning rate | end learning rate | final learning rate | stop lr | eta final
lr_final_ratio: lrf | lr final ratio | final lr ratio
batch_size: batch size | per device train batch size | train batch size | batchsize | bs | bsize | batch | per gpu train batch size | mini batch size | minibatch size | batch size train | batch size per gpu | batch size per device | samples per gpu | ims per batch | micro batch size | train micro batch size per gpu | global batch size | total batch size | train bs | tr batch size | bsz | train bsz | batch sz
grad_accumulation: grad accumulation | gradient accumulation steps | accumulate grad batches | grad accum | grad accum steps | accum steps | accumulation steps | gradient accumulation | accumulate | iter size | update freq | grad accumulation steps | accum iter | accum grad | accumulation | grad acc | gradient accumulation step | gradient accumulate every
optimizer: optimizer | optim | opt | opt name | optimizer name | optimizer type | optim name | optim type | optimizer class | optimiser | solver | optimizer class name | opt type | opt algo | optimizer cls | optim class | opt func
momentum: momentum | sgd momentum | adam momentum | mom
nesterov: nesterov | use nesterov | nesterovs momentum
beta1: beta 1 | adam beta 1 | b 1
beta2: beta 2 | adam beta 2 | b 2
betas: betas | adam betas
epsilon: adam epsilon | eps | epsilon | adam eps
weight_decay: weight decay | wd | l 2 | l 2 reg | l 2 regularization | weightdecay | l 2 penalty | l 2 lambda | reg l 2 | l 2 weight | adamw weight decay | weight decay rate | reg lambda | l 2 leaf reg | lambda l 2 | l 2 alpha | regularization l 2 | l 2 coef | l 2 regularizer | l 2 strength
l1: l 1 | l 1 reg | l 1 regularization | l 1 lambda | reg l 1 | lambda l 1 | reg alpha
dropout: dropout | dropout rate | dropout prob | drop rate | p dropout | hidden dropout prob | dropout p | drop prob | drop | dropout probability | hidden dropout | pdrop | resid pdrop | drop out | drop p | dropout ratio | dropout value | dropout fraction | p drop | hidden dropout rate | max dropout
keep_prob: keep prob | keep probability | dropout keep prob
label_smoothing: label smoothing | smoothing | label smoothing factor | label smooth | ls
clip_norm: clip norm | max grad norm | grad clip | gradient clip val | gradient clip | clip grad | clip grad norm | clipnorm | global clipnorm | grad norm clip | grad clip norm | gradient clipping | max gradient norm | grad clip val | gradient clip norm | clip gradients | clip | max norm | grad clipping | clipping | max grad | clip gradient | gradient norm clip | clip gradient norm
clip_value: clip value | clipvalue | grad clip value | clip grad value
clip_range: clip range | clip coef | clip param | clip epsilon | clip eps | eps clip | e clip | cliprange | ratio clip | ppo clip | clip ratio | epsilon clip
target_kl: target kl | kl target | desired kl | kl threshold | kl targ | kl early stop
entropy_coef: ent coef | entropy coef | entropy coeff | entropy coefficient | ent coeff | entropy cost | entropy weight | entropy bonus | entropy regularization | entropy scale
epochs: epochs | num epochs | n epochs | max epochs | num train epochs | max epoch | nb epoch | nb epochs | total epochs | train epochs | training epochs | number of epochs | epochs num | epoch count | n epoch | num epoch | epoch | nepochs | total epoch | epoch num | max num epochs | n epochs max
max_steps: max steps | total steps | num steps | max iter | max iters | total timesteps | num train steps | train steps | max train steps | iterations | num iterations | num boost round | num boost rounds | n iter | total iters | max update | max updates | training steps | num iters | n iters | niter | max iterations | total iterations | num training steps | train iters | nrounds | total step | num updates | n steps total | steps | num training iterations | max training steps | training iterations | num trees | num round | num rounds | num boosting rounds
steps_per_epoch: steps per epoch | iters per epoch | num batches per epoch | batches per epoch | steps per epoch train
patience: patience | early stopping patience | early stop patience | early stopping rounds | early stopping round | es patience | early stop | early stopping | od wait | n iter no change
schedule: schedule | lr config | scheduler | lr scheduler | lr schedule | lr scheduler type | scheduler type | lr policy | sched | schedule type | lr decay style | scheduler name | learning rate schedule | learning rate scheduler | lr scheduler name | lr sched | decay type | lr decay type | schedule kind | lr mode
cosine_switch: cos lr | use cosine | cosine lr | cosine
warmup_steps: warmup steps | num warmup steps | n warmup steps | warmup iters | warmup updates | lr warmup steps | warm up steps | warmup iterations | warmup step | lr warmup iters | warmup num steps | linear warmup steps | num warmup | n warmup
warmup_epochs: warmup epochs | lr warmup epochs | num warmup epochs | warm up epochs | warmup epoch | n warmup epochs
warmup_ratio: warmup ratio | warmup proportion | warmup fraction | pct start | warm up ratio | warmup frac | warmup pct | lr warmup fraction | warmup prop
warmup: warmup | warm up | lr warmup
discount: discount | discount factor | discount rate
gamma: lr gamma | gamma lr | lr decay | lr decay rate | learning rate decay | scheduler gamma | lr decay factor | lr factor | decay gamma | lr step gamma | lr scheduler factor | scheduler factor | plateau factor | lr reduction factor | lr plateau factor | learning rate decay rate | lr scheduler gamma | lr reduce factor
step_size: step size | lr step size | lr step | decay steps | lr decay steps | scheduler step size | lr decay step | lr decay every | lr scheduler step size | decay every | drop every | decay step | lr decay epochs | lr drop
scheduler_gamma: gamma | decay rate | factor | decay factor | decay
activation: activation | act | activation fn | hidden act | hidden activation | nonlinearity | activation function | act fn | act layer | act func | activation func | activations | activation name
last_activation: last activation | output activation | final activation | out activation | activation last | activation out | last layer activation
depth: depth | num layers | n layers | layers | num hidden layers | n hidden layers | hidden layers | n layer | number of layers | nb layers | n hidden layer | num layer | nlayers | layer num | num of layers
lora_rank: lora r | lora rank | lora dim | lora dimension | adapter rank
width: width | hidden size | hidden dim | hidden units | hidden | n hidden | units | d model | n embd | num hidden | hidden channels | num units | n units | hidden width | dim hidden | embed dim | num hidden units | hidden dimension | hidden features | n hidden units | hidden layer size | hidden nodes | nhid | hidden neurons | n hid | h dim | hid dim | hidden layer units | layer units | layer size | layer width | dense units | fc units | fc dim | neurons | num neurons | n neurons | max units
layer_list: hidden layer sizes | hidden dims | hidden sizes | net arch | hidden layers sizes | hidden layer dims | mlp dims | layer widths
init: init | initializer | kernel initializer | weight init | initialization | init method | init type | weight initialization | initialisation | init name | weights init | initialiser | weight initializer
pretrained: pretrained | use pretrained | is pretrained | pre trained | from pretrained | load pretrained | pretrain | pretrained weights | use pretrained weights | init from | init checkpoint | finetune | fine tune | finetuning | fine tuning | do finetune | is finetune | transfer learning | pretrained model name or path | pretrained path | pretrained checkpoint
weights: weights | encoder weights | backbone weights | init weights | initial weights | weights enum
init_scale: init scale | init std | initializer range | init gain | weight init scale | init stddev | init method std
norm: norm | normalization | norm layer | norm type | normalization layer | norm fn
norm_batch: batch norm | use batch norm | use bn | batchnorm | use batchnorm | bn | batch normalization | use batch normalization
norm_layer: layer norm | use layer norm | layernorm | use layernorm | use ln
residual: residual | residuals | use residual | skip connections | use skip | residual connections | skip | use residuals | skip connection
model: model | model name | arch | architecture | model type | model arch | backbone | net | network | model class | model family | booster | boosting type | model id | encoder name | network type | model architecture | policy class | boosting | base model | model name or path | pretrained model | base model name
library: library
num_leaves: num leaves
max_depth: max depth
min_data_in_leaf: min data in leaf
min_child_weight: min child weight
subsample: subsample | bagging fraction
colsample: colsample | colsample bytree | feature fraction
n_params: n params | num params | num parameters | total params | parameters total | trainable params | num trainable params | total parameters | trainable parameters | n parameters
n_outputs: n outputs | num outputs | output dim | out features | output size | n output | output units | out dim | dim out
loss: loss | problem type | loss fn | loss function | criterion | loss name | loss type | objective | loss func | objective function | loss class
dataset: dataset | dataset name | data set | data set name | task name | train dataset | training dataset | data name | dataset id | env id | env name | env | environment | gym id | task | data | corpus
n_train: n train | num train | num train samples | train size | train samples | n train samples | training samples | num training samples | train set size | n samples train | num train examples | train examples | len train | train len | len train dataset | len dataset train | train dataset len | len trainset | n train dataset | len train data | len train set | n training samples | max train samples | dataset size | train count | n samples | num samples | trainset size | training set size | n training | samples train | num examples | num examples train | training examples | train dataset size | n train examples | size train | num training examples | n training examples
n_val: n val | num val | n valid | num val samples | val size | val samples | n val samples | validation samples | num validation samples | val set size | n samples val | num val examples | eval samples | len val | val len | len val dataset | len valid dataset | len validation dataset | len dataset val | val dataset len | len valset | len val data | len val set | n validation samples | max eval samples | validation size | n validation | num valid | valid size | n eval | num eval samples | validation set size | valset size | n valid samples | samples val | max val samples | num eval examples | eval size | val dataset size | dev size | size val | n val examples | num validation examples | size valid
n_test: n test | num test | test samples | num test samples | test size | n test samples | test set size | num test examples
validation_split: validation split | val split | validation fraction | val fraction | val ratio | valid split | val frac | validation ratio | val percent | valid fraction
n_classes: n classes | num classes | classes | num labels | nc | n labels | num class | number of classes | n class | nb classes | class count | nclasses | numclasses | class num | classes count | nb class | classes num | output classes | no of classes
n_features: n features | num features | input dim | in features | input size | n inputs | num inputs | feature dim | input features | n feature
shuffle: shuffle | shuffle train | shuffle data | train shuffle
augmentation: augmentation | augment | data augmentation | use augmentation | aug | augmentations | use aug | do augmentation | is augmentation | data aug
input_scaling: input scaling | scaler | scaling | standardize | standardise | normalize | normalise | scale inputs | input scale | feature scaling | normalize inputs | normalize input | standardize inputs | preprocessing | input normalization | scale data | normalise inputs | inputs scaled | data scaling | feature scaler | normalize data | standardize data | data normalization
class_weights: class weights | class weight | use class weights | balanced | is unbalance | scale pos weight | pos weight | weighted loss
precision: precision | mixed precision | dtype | torch dtype | mixed precision policy | training precision | compute dtype
precision_fp16: fp 16 | use fp 16 | half | use half
precision_bf16: bf 16 | use bf 16
precision_int8: load in 8 bit | in 8 bit | int 8
precision_amp: amp | use amp | use mixed precision | native amp
seed: seed | random seed | random state | rng seed | manual seed | global seed | seed everything | rand seed
fold: fold | fold id | fold idx | fold index | fold number | fold no | fold num | fold nr | cv fold | current fold | kfold index | k fold index
"""
#: spelling → (what it names, how far down its list it stands: of two keys for one thing the nearer wins)
SPELLINGS: dict[tuple[str, ...], tuple[str, int]] = {
    tuple(spelling.split()): (name, rank)
    for line in _SPELLINGS.strip().splitlines()
    for name, _, spellings in [line.partition(":")]
    for rank, spelling in enumerate(spellings.split("|"))
}


@lru_cache(maxsize=4096)
def words(key: str) -> tuple[str, ...]:
    """ "optLearningRate" → ("opt", "learning", "rate"); keys longer than any honest one have no words."""
    if len(key) > 120:
        return ()
    return tuple(hump.lower() for hump in _HUMP.findall(key))


#: rank of what is said of a part or a layer only
OF_LAYER = 60
#: parts of a model that may have a learning rate of their own
_PARTS = frozenset(
    "encoder decoder backbone head heads classifier body trunk embedding embeddings base "
    "bert text image vision".split()
)
#: words for a layer, beside its number
_LAYERS = frozenset({"l", "layer", "dense", "fc", "linear", "lstm", "gru"})


def find(path: tuple[str, ...]) -> tuple[str, int] | None:
    """What the key at the end of `path` (outermost first) names, and its rank: lower is surer."""
    if not path:
        return None
    leaf = words(path[-1])
    outer = [words(key) for key in path[:-1]]
    if any(word in FOREIGN for key in outer for word in key):
        return None
    if " ".join(leaf) in _TITLES and outer:
        return find(path[:-1])
    spelled = _spelled(leaf)
    if spelled and spelled[0] == "scheduler_gamma":
        return ("gamma", spelled[1]) if any(_is_schedule(key) for key in outer) else None
    return (spelled[0], spelled[1] + 20 * (len(path) > 3)) if spelled else _of_part(leaf)


def _spelled(leaf: tuple[str, ...]) -> tuple[str, int] | None:
    """The spelling, also after taking words off the front that only name the place; those cost rank."""
    for cost in range(min(4, len(leaf))):
        if known := SPELLINGS.get(leaf[cost:]):
            return known[0], known[1] + 5 * cost
        if leaf[cost] not in _PLACES:
            return None
    return None


def _of_part(leaf: tuple[str, ...]) -> tuple[str, int] | None:
    """`encoder_lr`, `lr_backbone`: the learning rate of a part; `dropout_l0`, `units_1`, `dense2_units`: of a
    layer. The whole's wins."""
    if any(word.isdigit() for word in leaf):
        spelled = _spelled(tuple(word for word in leaf if not word.isdigit() and word not in _LAYERS))
        return (spelled[0], OF_LAYER) if spelled and spelled[0] in {"dropout", "width"} else None
    rest = tuple(word for word in leaf if word not in _PARTS)
    spelled = _spelled(rest) if len(rest) == len(leaf) - 1 else None
    return ("lr", OF_LAYER) if spelled and spelled[0] == "lr" else None


def _is_schedule(key: tuple[str, ...]) -> bool:
    return any(word in {"scheduler", "schedule", "sched", "lr"} for word in key)
