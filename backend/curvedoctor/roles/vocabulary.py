"""The field's words, by what they say of a curve. No tag stands here, only words that tags are made of."""

# ruff: noqa: SIM905 - lists of words read best as text
from __future__ import annotations

TRAIN = frozenset(
    "dtrain train training trained trn tr trainset intrain entrainement entraînement "
    "entrenamiento обучение".split()
)
VAL = frozenset(
    (
        "dval dvalid deval val valid validation validate vali valset vld dev cv heldout "
        "holdout oof validierung validación валидация"
    ).split()
)
#: names the act of evaluating, not the set: weaker than the words for sets
EVAL = frozenset("eval evaluation evaluate evaluator evaluating evals".split())
TEST = frozenset("dtest test testing tst testset prueba тест".split())
#: a section that holds what an evaluation printed
SPLIT_WORDS = TRAIN | VAL | EVAL | TEST

STEP = frozenset(
    "step steps batch batches minibatch iter iters iteration iterations iterative update updates it".split()
)
EPOCH = frozenset("epoch epochs epochwise ep episode episodes".split())

LR = frozenset("lr lrs lrate learningrate".split())
GRAD = frozenset("grad grads gradient gradients gradnorm gnorm ggnorm gradnorms".split())
LOSS = frozenset(
    (
        "vb pinball nce infonce loss losses cost costs objective nll xent logloss mlogloss ce "
        "bce hinge elbo vlb bpd bpc bpb "
        "crossentropy huber focal verlust perte pertes perdida pérdida perda потери потеря "
        "lossval criterion energy_loss quantileloss deviance poisson tweedie lossfn"
    ).split()
)
#: a part of a training objective when a split or a loss section stands beside it
LOSS_TERMS = frozenset(
    (
        "recon reconstruction recovery regularization reg l1 l2 kl kld kldiv surrogate valuefn "
        "supervisor embedding dfl obj box cls giou ciou rpn perceptual commitment vq cycle identity idt "
        "triplet contrastive distill consistency smooth commit codebook style content tv"
    ).split()
)
ERROR = frozenset(
    (
        "mpvpe pampjpe nme error errors err rmse mse mae mape smape mase rmsle msle wape nrmse "
        "wer cer ter fid "
        "kid lpips hausdorff hd hd95 assd asd eer der merror ppl perplexity rmspe mdape medae fpr fnr "
        "mpjpe ade fde ate epe absrel sqrel misclassification brier ece far frr mcd fvd editdistance "
        "niqe crps mer wil fehler ошибка ошибки emd chamfer hamming minade minfde missrate absoluteerror"
    ).split()
)
#: right answers over all answers: these have binomial noise
PROPORTION = frozenset(
    (
        "success acc accuracy accuracies accu top1 top3 top5 top10 topk correct em exactmatch successrate "
        "winrate hitrate aacc tokenacc genauigkeit précision_globale exactitud точность accuracytop1 "
        "accuracytop5 passrate"
    ).split()
)
#: right when the truth is among so many guesses
TOP_K = frozenset({"top1", "top3", "top5", "top10", "topk"})
#: shares of episodes, not of samples
OF_EPISODES = frozenset({"success", "successrate", "winrate", "passrate"})
SCORE = frozenset(
    (
        "nsd cocoap minp precision prec recall rec f1 f2 fbeta f1score fscore auc auroc aucroc "
        "roc rocauc prauc aucpr "
        "auprc ap map aps apm apl apr apc apf ar arl ars iou miou mdice dice dsc jaccard bleu "
        "sacrebleu rouge rouge1 rouge2 rougel rougelsum rougescore meteor chrf cider spice "
        "bertscore r2 score scores mcc matthews kappa hits hit ndcg mrr psnr ssim msssim pearson "
        "pearsonr spearman spearmanr kendall corr correlation ic rankic sensitivity specificity tpr tnr "
        "balancedaccuracy macc similarity similarities "
        "inceptionscore silhouette nmi ari pq sq rq nds oks pck hota mota idf1 fitness stoi pesq sisdr "
        "sisnr sdr snr fwiou ods ois gini npv ppv sharpe clipscore fmeasure fmacro concordance cindex "
        "lddt gdt tmscore passat mfscore mprecision mrecall boundaryiou normeditsimilarity "
        "hmean mar is50k qwk sari"
    ).split()
)
ACCURACY = PROPORTION | SCORE
REWARD = frozenset(
    (
        "reward rewards rew rews rwd return returns episodicreturn награда belohnung recompensa "
        "récompense recompense"
    ).split()
)
TIME = frozenset(
    (
        "timestamp timestamps time times runtime fps tps wps ups spersec persec duration "
        "elapsed latency throughput speed eta "
        "seconds secs sec ms hours minutes walltime wall timing perit sps timer timers zeit durée"
    ).split()
)
COUNTER = frozenset(
    (
        "epoch epochs step steps globalstep iter iters iteration iterations timesteps timestep updates "
        "update episode episodes samples sample tokens frames frame examples rounds round count counts "
        "num total n batches batch envsteps envstep trees seen"
    ).split()
)
SYSTEM = frozenset(
    (
        "gflops mflops macs retries gpu gpus cpu cpus memory mem ram vram cuda disk flos flops "
        "tflops mfu hfu utilization "
        "utilisation power bytes mb gb gib mib swap allocated rss watts hbm nvml oom"
    ).split()
)
#: quantities worth their own name but without a place in the contract's list
OTHER = frozenset(
    (
        "explainedvariance temp entropy kl kld approxkl klavg epsilon beta beta1 beta2 alpha "
        "momentum weightdecay lossscale "
        "gradscale scale temperature std stddev variance var length len lengths eplen clipfrac "
        "clipfraction cliprange norm norms weightnorm paramnorm param params coef coeff coefficient "
        "weight weights bias advantage advantages qvalue qvalues qvals value values valueestimate "
        "logit logits logp lens logps logprob logprobs ratio dropout sparsity noise ess metric hpmetric "
        "threshold eps exploration skipped buffer queue staleness prob probs probability "
        "lossweight klcoef density patience overflow curriculum termination terminations collision wd "
        "tau exploring signs"
    ).split()
)

#: losses of a game between two players, or of a policy that moves its own target: neither way is better
ADVERSARIAL = frozenset(
    "discriminator disc discr generator gan adv adversarial wgan lsgan gail dis gen netd netg".split()
)
GAN_LETTERS = frozenset(["d", "g"])
RL_LOSS = frozenset(
    (
        "policy actor critic value valuefn vf qf q td surrogate surr pi pg ppo sac alpha temperature "
        "temp entropy ent a2c dqn baseline qvalue qvalues pgloss klpen advantage bellman v"
    ).split()
)
#: terms that are to be minimised even beside adversarial ones
PLAIN_TERMS = frozenset(
    (
        "pretraining bc cloning fm feat supervised supervisor recon reconstruction recovery "
        "matching feature l1 l2 perceptual cycle "
        "identity idt autoencoder embedding embedder vgg lpips mse mae content style cls classification "
        "xent ce bce kl kld forward inverse"
    ).split()
)
#: losses that are honestly below zero and still better the lower they are
SIGNED_LOSSES = frozenset(
    (
        "nll elbo likelihood loglikelihood dice dsc cosine similarity simsiam byol logprob vlb bpd iou "
        "density gaussian flow mdn crps evidence negative neg barlow snr sisnr sisdr tversky"
    ).split()
)
#: what an evaluation over a whole set gives, never one training batch
WHOLE_SET = frozenset(
    (
        "aacc macc cocoap map ap aps apm apl ar arl ars pq nds bleu sacrebleu rouge rouge1 "
        "rouge2 rougel rougelsum meteor "
        "chrf cider wer cer fid kid hits_at miou fwiou hota mota idf1 ndcg mrr hausdorff hd95 "
        "sari mdice mfscore mprecision mrecall pck is50k mar inceptionscore mpjpe oks fvd apr "
        "apc apf bertscore bertscore spice"
    ).split()
)
#: how a value was summarised; says nothing of what it is
MODIFIERS = frozenset(
    (
        "mean avg average median total sum ema running smooth smoothed best min max final last current "
        "sofar cur raw overall all global micro macro weighted the of per vs in on at and a by"
    ).split()
)
#: dispersion, not level
SPREAD = frozenset("std stddev variance var".split())

COMPOUNDS: dict[tuple[str, ...], str] = {
    tuple(words.split()): joined
    for words, joined in (
        ("learning rate", "lr"), ("learning rates", "lr"), ("taux d apprentissage", "lr"), ("std dev", "stddev"),
        ("cross entropy", "xent"), ("log loss", "logloss"), ("log likelihood", "loglikelihood"),
        ("neg log likelihood", "nll"), ("negative log likelihood", "nll"), ("binary logloss", "logloss"),
        ("multi logloss", "logloss"), ("softmax loss", "xent"),
        ("grad norm", "gradnorm"), ("gradient norm", "gradnorm"), ("gradients norm", "gradnorm"), ("grads norm", "gradnorm"),
        ("norm grad", "gradnorm"), ("norm gradient", "gradnorm"), ("g norm", "gradnorm"),
        ("loss scale", "lossscale"), ("loss scaler", "lossscale"), ("grad scale", "gradscale"), ("grad scaler", "gradscale"),
        ("loss scaling", "lossscale"), ("loss weight", "lossweight"), ("loss coef", "lossweight"), ("loss weights", "lossweight"),
        ("weight decay", "weightdecay"), ("weight norm", "weightnorm"), ("param norm", "paramnorm"), ("params norm", "paramnorm"),
        ("per second", "persec"), ("per sec", "persec"), ("per s", "persec"), ("per iter", "perit"), ("per it", "perit"),
        ("s per iter", "perit"), ("sec per iter", "perit"), ("sec per step", "perit"), ("sec per batch", "perit"),
        ("mean squared error", "mse"), ("mean square error", "mse"), ("root mean squared error", "rmse"),
        ("root mean square error", "rmse"), ("mean absolute error", "mae"), ("mean absolute percentage error", "mape"),
        ("mean squared logarithmic error", "msle"), ("median absolute error", "medae"), ("root mse", "rmse"),
        ("expected calibration error", "ece"), ("word error rate", "wer"), ("character error rate", "cer"),
        ("char error rate", "cer"), ("equal error rate", "eer"), ("edit distance", "editdistance"),
        ("false positive rate", "fpr"), ("false negative rate", "fnr"), ("true positive rate", "tpr"), ("miss rate", "missrate"),
        ("true negative rate", "tnr"), ("hausdorff distance", "hausdorff"), ("surface distance", "asd"),
        ("chamfer distance", "chamfer"), ("frechet inception distance", "fid"),
        ("f 1", "f1"), ("f beta", "fbeta"), ("f score", "fscore"), ("f measure", "fmeasure"), ("r 2", "r2"), ("r squared", "r2"), ("r square", "r2"),
        ("r 2 score", "r2"), ("c index", "cindex"), ("top 1", "top1"), ("top 3", "top3"), ("top 5", "top5"), ("top 10", "top10"),
        ("top k", "topk"), ("exact match", "exactmatch"), ("pass at", "passat"), ("pass rate", "passrate"),
        ("success rate", "successrate"), ("win rate", "winrate"), ("hit rate", "hitrate"), ("hits at", "hits"),
        ("solve rate", "successrate"), ("average precision", "ap"), ("mean average precision", "map"), ("average recall", "ar"),
        ("balanced accuracy", "balancedaccuracy"), ("balanced acc", "balancedaccuracy"), ("explained variance", "explainedvariance"),
        ("explained var", "explainedvariance"), ("inception score", "inceptionscore"), ("area under curve", "auc"),
        ("roc auc", "auc"), ("pr auc", "prauc"), ("rank ic", "rankic"), ("rouge l", "rougel"), ("rouge 1", "rouge1"), ("rouge 2", "rouge2"),
        ("rouge lsum", "rougelsum"), ("ms ssim", "msssim"), ("si sdr", "sisdr"), ("si snr", "sisnr"),
        ("jaccard index", "jaccard"), ("cosine similarity", "similarity"), ("cosine sim", "similarity"), ("io u", "iou"), ("mean io u", "miou"), ("dice coef", "dice"), ("dice coeff", "dice"), ("dice coefficient", "dice"), ("jaccard coef", "jaccard"), ("correlation coefficient", "correlation"), ("corr coef", "correlation"), ("matthews corrcoef", "mcc"), ("abs rel", "absrel"), ("sq rel", "sqrel"), ("is mean", "inceptionscore"), ("is score", "inceptionscore"), ("info nce", "infonce"), ("err d", "dloss"), ("err g", "gloss"),
        ("value function", "valuefn"), ("value estimate", "valueestimate"), ("value estimates", "valueestimate"),
        ("value pred", "valueestimate"), ("q value", "qvalue"), ("q values", "qvalues"), ("q vals", "qvals"),
        ("episode length", "eplen"), ("episode lengths", "eplen"), ("ep len", "eplen"), ("episode len", "eplen"), ("ep length", "eplen"),
        ("episode reward", "reward"), ("episode rewards", "reward"), ("episodic return", "return"), ("episode return", "return"),
        ("episodic reward", "reward"), ("ep rew", "rew"), ("ep reward", "reward"), ("ep ret", "return"), ("avg return", "return"),
        ("non score", "nonscore"), ("clip fraction", "clipfrac"), ("clip frac", "clipfrac"), ("clip range", "cliprange"), ("approx kl", "approxkl"),
        ("old approx kl", "approxkl"), ("kl divergence", "kl"), ("kl div", "kl"), ("kl coef", "klcoef"), ("kl coeff", "klcoef"),
        ("log prob", "logprob"), ("log probs", "logprobs"), ("log p", "logp"), ("hp metric", "hpmetric"),
        ("global step", "globalstep"), ("time steps", "timesteps"), ("time step", "timestep"), ("env step", "envstep"),
        ("env steps", "envsteps"), ("time out", "timeout"), ("early stopping", "earlystopping"), ("d loss", "dloss"), ("g loss", "gloss"),
        ("loss d", "dloss"), ("loss g", "gloss"), ("ce loss", "xent"), ("cross ent", "xent"), ("bits per char", "bpc"), ("bits per byte", "bpb"), ("bits per dim", "bpd"),
        ("bits per character", "bpc"), ("so far", "sofar"), ("acc norm", "acc"), ("nats per token", "nll"), ("bits per token", "bpb"), ("norm edit dis", "normeditsimilarity"), ("norm edit distance", "normeditsimilarity"),
        ("jaccard coeff", "jaccard"), ("jaccard coefficient", "jaccard"), ("boundary io u", "boundaryiou"), ("boundary iou", "boundaryiou"),
        ("peak signal noise ratio", "psnr"), ("peak signal to noise ratio", "psnr"), ("is 50 k", "is50k"),
        ("structural similarity index measure", "ssim"), ("structural similarity", "ssim"), ("explained variance score", "r2"),
        ("vf explained var", "explainedvariance"), ("var explained", "explainedvariance"), ("variance explained", "explainedvariance"),
        ("wall time", "walltime"), ("wall clock", "walltime"),
    )
}  # fmt: skip
LOSS |= {"dloss", "gloss"}
ADVERSARIAL |= {"dloss", "gloss"}
LONGEST_COMPOUND = max(map(len, COMPOUNDS))

#: Chinese and Japanese words, found inside undivided text, → the English word
CJK = {
    "损失": "loss", "損失": "loss", "损失函数": "loss", "准确率": "accuracy", "精度": "accuracy", "正确率": "accuracy",
    "正解率": "accuracy", "学习率": "lr", "学習率": "lr", "奖励": "reward", "報酬": "reward", "训练": "train", "訓練": "train",
    "学習": "train", "验证": "val", "検証": "val", "测试": "test", "テスト": "test", "误差": "error", "誤差": "error",
    "错误率": "error", "召回率": "recall", "精确率": "precision", "轮次": "epoch", "梯度": "grad", "时间": "time",
}  # fmt: skip
_QUANTITIES = LR | GRAD | LOSS | ERROR | ACCURACY | REWARD | TIME | COUNTER | SYSTEM | OTHER
KNOWN = (
    _QUANTITIES
    | SPLIT_WORDS
    | STEP
    | EPOCH
    | LOSS_TERMS
    | ADVERSARIAL
    | RL_LOSS
    | PLAIN_TERMS
    | SIGNED_LOSSES
    | WHOLE_SET
    | MODIFIERS
)
#: words that others are run together from ("trainloss", "eprewmean");
#: the short and ambiguous ones are left out
SEGMENTS = frozenset(w for w in KNOWN if w.isascii() and len(w) > 2) - frozenset(
    (
        "the per map rec dis gen adv raw sum cur out all dev tps ups wps sps mem reg obj cls "
        "box ent mse ter der per "
        "ade ate epe ece far frr wil hit pck sdr snr pnr aps apm apl apr apc apf arl arm ars "
        "ari nmi nds ods oks ois ram mib "
        "gib cost norm prob bias eta run temp noise rank seen trees num sec min max"
    ).split()
) | {"ep", "lr", "n", "rew", "min", "max", "norm", "cost"}
