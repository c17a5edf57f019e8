"""The only words a recognized hyperparameter may have as value: closed lists, so no secret can pass."""

# ruff: noqa: SIM905 - lists of words read best as text
from __future__ import annotations

import re
from collections.abc import Mapping

_IDENTIFIER = re.compile(r"[^\W\d][\w.\-+:]*", re.ASCII)
_SQUEEZE = re.compile(r"[^a-z0-9]+")
#: longer texts are not looked at: no name of an optimizer or a model is longer
LONGEST = 2000
_REPR = frozenset(
    {"class", "function", "object", "bound", "method", "python", "name", "tag", "partial", "functools"}
)
_BUILD = frozenset(
    "torch hf fused paged bnb xla apex npu optimizer optim optimiser tf keras legacy v1 v2 "
    "cpu gpu deepspeed anyprecision "
    "8bit 32bit 16bit 4bit multi tensor foreach solver class default weight wd tfoptimizer "
    "schedule free decoupled get".split()
)


def _table(text: str) -> dict[str, str]:
    """ "name: alias alias; name: …" → alias → name, every name being its own alias."""
    table = {}
    for entry in text.split(";"):
        name, _, aliases = entry.partition(":")
        for alias in (name, *aliases.split()):
            table[_SQUEEZE.sub("", alias.lower())] = name.strip()
    return table


OPTIMIZERS = _table(
    "sgd: gradientdescent vanillasgd; momentum: nesterov sgdm sgdmomentum sgdnesterov "
    "momentumsgd sgdwmomentum; adam: adamoptimizer adam8bit amsgrad; adamw: adamw8bit adamwhf "
    "adamweightdecay; nadam; radam; rmsprop: rms rmspropoptimizer; adagrad; adadelta; "
    "adamax; adafactor; lion: lion8bit; lamb; lars: "
    "larc; lbfgs; ftrl; asgd; rprop; sophia: sophiag; muon; shampoo; novograd; adabelief; "
    "ranger; came; adan; prodigy; sparseadam; adabound; soap; nadamw; adagradw; signsgd: signum"
)
SCHEDULES = _table(
    "constant: none no fixed const flat constantlr constantwithwarmup constantwarmup "
    "identity; step: steplr multistep multisteplr stepdecay "
    "piecewise piecewiseconstant piecewiseconstantdecay steps multistepdecay milestones "
    "staircase warmupmultisteplr; cosine: cos cosineannealing cosineannealinglr "
    "cosinedecay cosinewithrestarts cosineannealingwarmrestarts cosinedecayrestarts "
    "warmupcosine cosinewithwarmup cosinewarmup linearwarmupcosine linearwarmupcosineannealing "
    "cosinewithminlr cosinelr warmupcosinelr cosinelrscheduler "
    "linearwarmupcosineannealinglr warmupcosineschedule cosineannealingwarmuprestarts; "
    "linear: linearlr linearwithwarmup lineardecay warmuplinear linearwarmup "
    "lineardecaywithwarmup warmupdecaylr; inverse-sqrt: inversesqrt inversesquareroot noam "
    "rsqrt invsqrt invscaling "
    "noamlr inversesquarerootschedule; exponential: exp exponentiallr exponentialdecay "
    "expdecay; one-cycle: onecycle onecyclelr 1cycle onecyclepolicy; "
    "polynomial: poly polynomiallr polynomialdecay polylr polynomialwithwarmup warmuppoly "
    "polynomialdecaywithwarmup; plateau: reducelronplateau reduceonplateau reducelr rop"
)
LOSSES = _table(
    "cross-entropy: ce crossentropy categoricalcrossentropy sparsecategoricalcrossentropy "
    "softmaxcrossentropy softmax multiclass multisoftmax "
    "multisoftprob multilogloss mlogloss xent crossentropywithlogits "
    "sparsesoftmaxcrossentropy softmaxcrossentropywithlogits labelsmoothingcrossentropy logloss log celoss "
    "sparsesoftmaxcrossentropywithlogits singlelabelclassification; "
    "bce: binarycrossentropy bcewithlogits bceloss bcelogits binarycrossentropywithlogits "
    "sigmoidcrossentropy sigmoidcrossentropywithlogits binary binarylogistic "
    "binarylogloss logistic bcelogloss multilabelclassification; mse: meansquarederror "
    "meansquare l2 squarederror regsquarederror regression squared rmse meansquareerror regressionl2; "
    "mae: meanabsoluteerror l1 absoluteerror regabsoluteerror regressionl1 quantilehalf; "
    "hinge: multimargin hingeembedding binaryhinge categoricalhinge margin svm "
    "multimarginloss; squared-hinge: squaredhinge; nll: negativeloglikelihood "
    "negloglik; gaussian-nll: gaussiannll; huber: smoothl1 smoothl1loss pseudohuber "
    "huberregression; kl: kldiv kldivergence kullbackleibler kullbackleiblerdivergence kld; "
    "focal: focalloss sigmoidfocal binaryfocal binaryfocalcrossentropy "
    "categoricalfocalcrossentropy; dice: diceloss dicece softdice generalizeddice; "
    "triplet: tripletmargin; contrastive: infonce ntxent simclr; ctc; poisson: poissonnll countpoisson; "
    "cosine: cosineembedding cosinesimilarity; quantile: pinball; msle: "
    "meansquaredlogarithmicerror; logcosh; elbo"
)
ACTIVATIONS = _table(
    "relu: relu6 rectify rectifier; leaky-relu: leakyrelu lrelu; gelu: gelunew "
    "geluapproximate gelutanh gelufast quickgelu gelupytorchtanh; silu: swish; elu; selu; "
    "celu; tanh: tanhshrink; sigmoid: logistic "
    "hardsigmoid; softmax: logsoftmax; softplus; softsign; mish; prelu; hardswish: hswish; "
    "linear: identity none; glu: swiglu geglu reglu"
)
INITS = _table(
    "xavier: glorot xavieruniform xaviernormal glorotuniform glorotnormal; he: kaiming "
    "henormal heuniform kaiminguniform kaimingnormal; lecun: "
    "lecunnormal lecununiform; orthogonal: ortho; normal: gaussian randomnormal "
    "normaldistribution; truncated-normal: truncatednormal truncnormal; "
    "uniform: randomuniform; zeros: zero; ones; constant; small: tiny; large: huge; "
    "default; pretrained: imagenet"
)
NORMS = _table(
    "batch: batchnorm bn batchnormalization batchnorm1d batchnorm2d batchnorm3d "
    "syncbatchnorm syncbn syncbatch; layer: layernorm ln layernormalization layernorm2d; "
    "group: groupnorm gn; instance: instancenorm in instancenorm2d; rms: rmsnorm; weight: "
    "weightnorm; spectral: spectralnorm; none: no off identity"
)
SCALINGS = _table(
    "standard: standardize standardized standardscaler standardise zscore std "
    "standardization zscale meanstd yes true on; minmax: minmaxscaler rescale unit unitinterval scaled01; "
    "robust: robustscaler; maxabs: maxabsscaler; normalize: normalized normalizer l2norm; "
    "quantile: quantiletransformer; none: no raw off unscaled false"
)
PRECISIONS = _table(
    "fp32: 32 float32 32true full single no; fp16: 16 float16 half 16mixed 16true "
    "mixedfloat16 f16; bf16: bfloat16 bf16mixed bf16true mixedbfloat16; fp64: 64 float64 double 64true; "
    "mixed: amp mix automatic; tf32; fp8: float8; int8: 8bit"
)
LIBRARIES = _table("lightgbm; xgboost; catboost; sklearn")
#: public data sets and environments; of any other the name says nothing that may be shown
DATASETS = _table(
    "mnist; fashion-mnist: fmnist; kmnist; emnist; cifar10; cifar100; svhn; stl10; imagenet: imagenet1k "
    "ilsvrc2012 imagenet2012; imagenet21k; tiny-imagenet: tinyimagenet200; imagenette; imagewoof; "
    "caltech101; caltech256; flowers102: oxfordflowers102; food101; pets: oxfordpets oxfordiiitpet; "
    "cub200: cub2002011; dtd; eurosat; celeba; coco: coco2017 mscoco coco2014; coco128; coco8; voc: "
    "pascalvoc voc2012 voc2007; cityscapes; ade20k; kitti; lsun; fastmri; imdb; sst2; ag-news; yelp: "
    "yelppolarity yelpreviewfull; dbpedia; trec; 20newsgroups: 20newsgroup twentynewsgroups; cola; "
    "mrpc; qqp; qnli; rte; wnli; mnli; stsb; snli; xnli; squad; squad2: squadv2; wikitext2: wikitext2rawv1 "
    "wikitext2v1; wikitext103: wikitext103rawv1 wikitext103v1; ptb: penntreebank; enwik8; text8; "
    "openwebtext; c4; shakespeare: tinyshakespeare shakespearechar; tinystories; alpaca; gsm8k; "
    "multi30k; wmt14; wmt16; librispeech: librispeechasr; speech-commands; esc50; urbansound8k; "
    "movielens: movielens100k movielens1m; criteo; iris; wine; digits; breast-cancer; diabetes; "
    "california-housing: california; boston-housing: boston; titanic; adult: adultincome; higgs; "
    "covertype: covtype; cora; citeseer; pubmed; ogbn-arxiv; ogbg-molhiv: molhiv; zinc; qm9; cartpole: "
    "cartpolev0; pendulum; acrobot; mountain-car; mountain-car-continuous; lunar-lander; "
    "bipedal-walker; half-cheetah; hopper; walker2d; ant; humanoid; swimmer; reacher; pong; breakout; "
    "frozen-lake; taxi"
)
MODELS = _table("linear; mlp; cnn; rnn; transformer; autoencoder; tree; gan; gnn; diffusion")
#: beginnings of model names (longer than 3 letters, else the whole word) → family
_FAMILIES = {
    "linear": "linear logistic logisticregression linearregression ridge lasso elasticnet "
    "sgdclassifier sgdregressor perceptron svm svc logreg",
    "mlp": "mlp mlpclassifier mlpregressor mlppolicy feedforward dnn fcn fnn fcnn multilayer "
    "densenn ffn tabnet simplenn dense",
    "cnn": "cnn resnet vgg mobilenet efficientnet densenet convnext unet yolo yolov inception "
    "alexnet lenet conv convnet xception resnext "
    "wideresnet wrn squeezenet shufflenet regnet googlenet nasnet rcnn fasterrcnn maskrcnn "
    "retinanet deeplab ssd cnnpolicy nnunet segnet vnet darknet tcn",
    "rnn": "rnn lstm gru bilstm seq2seq convlstm elman wavernn",
    "transformer": "transformer bert roberta gpt gpt2 gptneo llama mistral mixtral qwen gemma deberta "
    "distilbert distilroberta electra albert bart mbart t5 mt5 flan "
    "opt bloom falcon vit deit swin beit clip whisper wav2vec hubert xlnet xlm longformer "
    "pegasus phi detr segformer conformer informer "
    "autoformer patchtst bigbird camembert codebert smollm olmo pythia deepseek",
    "autoencoder": "autoencoder vae ae betavae vqvae cvae",
    "tree": "tree xgboost xgb lightgbm lgbm lgb catboost gbdt gbtree dart randomforest "
    "decisiontree gradientboosting xgbclassifier xgbregressor "
    "lgbmclassifier lgbmregressor histgradientboosting extratrees goss forest",
    "gan": "gan dcgan wgan stylegan cyclegan pix2pix",
    "gnn": "gnn gcn gat graphsage gin mpnn",
    "diffusion": "diffusion ddpm stablediffusion ddim",
}
#: what home-made models are called: "SimpleCNN", "MyLSTM"
_ENDINGS = ("autoencoder", "transformer", "resnet", "lstm", "unet", "cnn", "mlp", "rnn", "gru", "vae", "gan")
_WHOLE = {word: family for family, words in _FAMILIES.items() for word in words.split()}


def identifiers(text: str) -> list[str]:
    """The names in a value as it was printed:
    "<class 'torch.optim.adam.Adam'>" → ["torch.optim.adam.Adam"]."""
    return [m.group() for m in _IDENTIFIER.finditer(text[:LONGEST]) if m.group().lower() not in _REPR]


def lookup(table: Mapping[str, str], text: str, *, drop: tuple[str, ...] = ()) -> str | None:
    """The name of a closed list that `text` stands for, or None: nothing else is ever returned."""
    whole = _SQUEEZE.sub("", text[:100].lower())
    if whole in table:
        return table[whole]
    for identifier in identifiers(text)[:2]:
        for part in reversed(re.split(r"[.:]", identifier)[-2:]):
            squeezed = _SQUEEZE.sub("", part.lower())
            for candidate in (squeezed, *_trimmed(squeezed, drop), _without_build(part)):
                if candidate in table:
                    return table[candidate]
    return None


def _trimmed(word: str, endings: tuple[str, ...]) -> list[str]:
    return [word[: -len(e)] for e in endings if word.endswith(e) and len(word) > len(e)]


def _without_build(word: str) -> str:
    """The word without what only names the build: "FusedAdam" → "adam",
    "get_linear_schedule_with_warmup" → "linearwithwarmup"."""
    humps = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+[a-z]*", word[:100])
    return "".join(hump.lower() for hump in humps if hump.lower() not in _BUILD)


def model_family(text: str) -> str | None:
    """The family of a model by its name: "google/vit-base-patch16" → "transformer"."""
    for word in re.findall(r"[a-z]+(?:[0-9][a-z]+)?[0-9]?", text[:200].lower().replace("_", " ")):
        for candidate in (word, re.sub(r"[0-9]+.*$", "", word)):
            if candidate in _WHOLE:
                return _WHOLE[candidate]
        for known, family in _WHOLE.items():
            if len(known) > 3 and word.startswith(known):
                return family
        ending = next((end for end in _ENDINGS if word.endswith(end)), None)
        if ending:
            return _WHOLE[ending]
    return None
