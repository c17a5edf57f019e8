"""Console logs in the shape of those that frameworks print, made up, with the points that a person reads in
them.

Each function takes numbers of its own (`fall`: a loss, `rise`: a score) and returns the log and, per curve,
its steps and values.
"""

from __future__ import annotations

import random
from collections.abc import Callable

Points = dict[str, tuple[list[int], list[float]]]
Sample = Callable[[random.Random, int], tuple[str, Points]]


def fall(rng: random.Random, n: int, digits: int = 4) -> list[float]:
    """n values of a loss as they are printed."""
    return [round(2 * 0.9**i + rng.random() / 10 + 0.05, digits) for i in range(n)]


def rise(rng: random.Random, n: int, digits: int = 4) -> list[float]:
    """n values of a score as they are printed."""
    return [round(0.9 - 0.8 * 0.9**i + rng.random() / 20, digits) for i in range(n)]


def keras_bars(rng: random.Random, n: int) -> tuple[str, Points]:
    """Keras 2: the bar is redrawn by backspaces; only its last state has the validation."""
    loss, acc, vloss, vacc = fall(rng, n), rise(rng, n), fall(rng, n), rise(rng, n)
    lines = ["Train on 60000 samples, validate on 10000 samples\n"]
    for i in range(n):
        lines.append(f"Epoch {i + 1}/{n}\n")
        lines += [
            f"\r{done:5d}/60000 [==>...........................] - ETA: 1:0{i % 10} - loss: "
            f"{loss[i] + 0.3:.4f} - acc: {acc[i] / 2:.4f}" + "\b" * 90
            for done in (128, 7040, 31232)
        ]
        lines.append(
            f"\r60000/60000 [==============================] - 5s 83us/step - loss: {loss[i]} - "
            f"acc: {acc[i]} - val_loss: {vloss[i]} - val_acc: {vacc[i]}\n"
        )
    at = list(range(1, n + 1))
    return "".join(lines), {
        "loss": (at, loss), "acc": (at, acc), "val_loss": (at, vloss), "val_acc": (at, vacc),
    }  # fmt: skip


def keras_lines(rng: random.Random, n: int) -> tuple[str, Points]:
    """Keras with verbose=2, old and pasted."""
    loss, vloss = fall(rng, n), fall(rng, n)
    text = "".join(f"Epoch {i + 1}/{n}\n - 12s - loss: {loss[i]} - val_loss: {vloss[i]}\n" for i in range(n))
    at = list(range(1, n + 1))
    return text, {"loss": (at, loss), "val_loss": (at, vloss)}


def keras3(rng: random.Random, n: int) -> tuple[str, Points]:
    """Keras 3 on a terminal, with colors, every state of the bar in one line."""
    loss, acc, vloss = fall(rng, n), rise(rng, n), fall(rng, n)
    text = ""
    for i in range(n):
        text += f"Epoch {i + 1}/{n}\n"
        for done in (1, 431, 1207):
            text += (
                f"\r\x1b[1m{done:4d}/1875\x1b[0m \x1b[32m━━\x1b[0m\x1b[37m━━━━━━━━━━━━━━━━━━\x1b[0m "
                f"\x1b[1m3s\x1b[0m 2ms/step - accuracy: 0.1 - loss: {loss[i] + 1:.4f}"
            )
        text += (
            "\r\x1b[1m1875/1875\x1b[0m \x1b[32m━━━━━━━━━━━━━━━━━━━━\x1b[0m\x1b[37m\x1b[0m "
            f"\x1b[1m4s\x1b[0m 2ms/step - accuracy: {acc[i]} - loss: {loss[i]} - val_loss: {vloss[i]}\n"
        )
    at = list(range(1, n + 1))
    return text, {"accuracy": (at, acc), "loss": (at, loss), "val_loss": (at, vloss)}


def keras3_lines(rng: random.Random, n: int) -> tuple[str, Points]:
    """Keras 3 with verbose=2."""
    loss, acc = fall(rng, n), rise(rng, n)
    text = "".join(
        f"Epoch {i + 1}/{n}\n1875/1875 - 4s - 2ms/step - accuracy: {acc[i]} - loss: {loss[i]} - "
        "learning_rate: 1.0000e-03\n"
        for i in range(n)
    )
    at = list(range(1, n + 1))
    return text, {"accuracy": (at, acc), "loss": (at, loss), "learning_rate": (at, [1e-3] * n)}


def hf_dicts(rng: random.Random, n: int) -> tuple[str, Points]:
    """Hugging Face's Trainer: a dict per logging step, among tqdm's bars and notes."""
    loss, eval_loss = fall(rng, n), fall(rng, n)
    lines = ["***** Running training *****", "  Num examples = 1,000", f"  Num Epochs = {n}", ""]
    for i in range(n):
        lines.append(
            f"{{'loss': {loss[i]}, 'grad_norm': {1 + loss[i]:.3f}, 'learning_rate': 4.9e-05, "
            f"'epoch': {i + 1}.0}}"
        )
        lines.append(
            f"{{'eval_loss': {eval_loss[i]}, 'eval_runtime': 2.1, 'eval_samples_per_second': 480.1, "
            f"'epoch': {i + 1}.0}}"
        )
    lines.append("{'train_runtime': 100.1, 'train_loss': 0.5, 'epoch': 3.0}")
    at = list(range(1, n + 1))
    return "\n".join(lines), {"loss": (at, loss), "eval_loss": (at, eval_loss)}


def lightning(rng: random.Random, n: int) -> tuple[str, Points]:
    """Lightning's bar, with those of validation between."""
    loss, vloss = fall(rng, n, 3), fall(rng, n, 3)
    text = ""
    for i in range(n):
        for done, total in ((1, 938), (400, 938)):
            text += (
                f"\rEpoch {i}:  {100 * done // total}%|███▍      | {done}/{total} [00:03<00:04, "
                f"121.34it/s, v_num=7, train_loss={loss[i] + 1:.3f}]"
            )
        text += "\nValidation DataLoader 0:  50%|█████     | 10/20 [00:00<00:00, 300.11it/s]\x1b[A\n"
        text += (
            f"\rEpoch {i}: 100%|██████████| 938/938 [00:07<00:00, 120.10it/s, v_num=7, "
            f"train_loss={loss[i]:.3f}, val_loss={vloss[i]:.3f}]\n"
        )
    at = list(range(n))
    return text, {"train_loss": (at, loss), "val_loss": (at, vloss)}


def tqdm_once(rng: random.Random, n: int) -> tuple[str, Points]:
    """One bar over all steps of a training: each state counts."""
    loss = fall(rng, n)
    text = "".join(
        f"\r {100 * (i + 1) // n:3d}%|██▍       | {i + 1}/{n} [00:{i % 60:02d}<01:02,  "
        f"3.11it/s, loss={loss[i]}]"
        for i in range(n)
    )
    return text + "\n", {"loss": (list(range(1, n + 1)), loss)}


def yolov5(rng: random.Random, n: int) -> tuple[str, Points]:
    """YOLOv5 and v8: a header per epoch, the bar behind its row, then the table of classes."""
    box, cls, m50, m95 = fall(rng, n), fall(rng, n, 5), rise(rng, n, 3), rise(rng, n, 3)
    text = "optimizer: SGD(lr=0.01) with parameter groups 57 weight(decay=0.0)\n"
    for i in range(n):
        text += "\n      Epoch    GPU_mem   box_loss   cls_loss  Instances       Size\n"
        for done in (1, 8, 16):
            text += f"\r{f'{i + 1}/{n}':>11}{'3.35G':>11}{box[i] + (16 - done) / 100:>11.4g}{cls[i]:>11.4g}"
            text += (
                f"{24:>11}{640:>11}: {100 * done // 16:3d}%|█████| {done}/16 [00:0{done % 9}<00:00,  "
                "8.97it/s]"
            )
        text += (
            "\n                 Class     Images  Instances          P          R      mAP50   "
            "mAP50-95: 100%|██████████| 4/4 [00:01<00:00,  3.8it/s]\n"
        )
        text += (
            f"                   all        128        929        0.5       0.4     {m50[i]}      {m95[i]}\n"
        )
    at = list(range(1, n + 1))
    return text, {
        "box_loss": (at, [float(f"{v:.4g}") for v in box]),
        "val/mAP50": (at, m50),
        "val/mAP50-95": (at, m95),
    }


def fastai(rng: random.Random, n: int) -> tuple[str, Points]:
    """fastai's table."""
    tl, vl, acc = fall(rng, n, 6), fall(rng, n, 6), rise(rng, n, 6)
    text = "epoch     train_loss  valid_loss  accuracy  time    \n" + "".join(
        f"{i:<10}{tl[i]:<12.6f}{vl[i]:<12.6f}{acc[i]:<10.6f}00:{i % 60:02d}   \n" for i in range(n)
    )
    at = list(range(n))
    return text, {"train_loss": (at, tl), "valid_loss": (at, vl), "accuracy": (at, acc)}


def xgboost(rng: random.Random, n: int) -> tuple[str, Points]:
    """XGBoost's lines."""
    train, test = fall(rng, n, 5), fall(rng, n, 5)
    text = "".join(f"[{i}]\ttrain-rmse:{train[i]:.5f}\ttest-rmse:{test[i]:.5f}\n" for i in range(n))
    return text, {"train-rmse": (list(range(n)), train), "test-rmse": (list(range(n)), test)}


def lightgbm(rng: random.Random, n: int) -> tuple[str, Points]:
    """LightGBM's log_evaluation."""
    train, valid = fall(rng, n, 6), fall(rng, n, 6)
    text = (
        "[LightGBM] [Info] Number of positive: 212, number of negative: 357\nTraining until "
        "validation scores don't improve for 50 rounds\n"
    )
    text += "".join(
        f"[{10 * (i + 1)}]\ttraining's binary_logloss: {train[i]}\tvalid_1's binary_logloss: {valid[i]}\n"
        for i in range(n)
    )
    at = [10 * (i + 1) for i in range(n)]
    return text, {"training/binary_logloss": (at, train), "valid_1/binary_logloss": (at, valid)}


def catboost(rng: random.Random, n: int) -> tuple[str, Points]:
    """CatBoost's lines; its first one also says the learning rate."""
    learn, test = fall(rng, n, 7), fall(rng, n, 7)
    text = "Learning rate set to 0.029\n" + "".join(
        f"{i}:\tlearn: {learn[i]:.7f}\ttest: {test[i]:.7f}\tbest: {min(test[: i + 1]):.7f} "
        f"({i})\ttotal: {60 + i}ms\tremaining: {n - i}.2s\n"
        for i in range(n)
    )
    at = list(range(n))
    return text, {"learn": (at, learn), "test": (at, test)}


def nanogpt(rng: random.Random, n: int) -> tuple[str, Points]:
    """nanoGPT: evaluations among iterations."""
    loss, tl, vl = fall(rng, 10 * n), fall(rng, n), fall(rng, n)
    text = "tokens per iteration will be: 16,384\nnumber of parameters: 10.65M\n"
    for i in range(10 * n):
        if i % 10 == 0:
            text += (
                f"step {10 * i}: train loss {tl[i // 10]:.4f}, val loss {vl[i // 10]:.4f}\nsaving "
                "checkpoint to out-shakespeare-char\n"
            )
        text += f"iter {10 * i}: loss {loss[i]:.4f}, time {20 + i}.31ms, mfu 1.79%\n"
    return text, {
        "loss": ([10 * i for i in range(10 * n)], loss),
        "train loss": ([100 * i for i in range(n)], tl),
        "val loss": ([100 * i for i in range(n)], vl),
    }


def fairseq(rng: random.Random, n: int) -> tuple[str, Points]:
    """fairseq's simple log format."""
    inner, valid = fall(rng, 2 * n, 3), fall(rng, n, 3)
    text = ""
    for i in range(n):
        for k in (1, 2):
            step = 200 * i + 100 * k
            text += (
                f"2021-03-01 10:0{i % 10}:1{k} | INFO | train_inner | epoch {i + 1:03d}:    "
                f"{100 * k - i} / 200 loss={inner[2 * i + k - 1]}, nll_loss=9.1, ppl=549.2, "
                f"wps=31241.2, ups=8.8, num_updates={step}, lr=1.25e-05, gnorm=2.1, wall=21\n"
            )
        text += (
            f"2021-03-01 10:0{i % 10}:30 | INFO | valid | epoch {i + 1:03d} | valid on 'valid' "
            f"subset | loss {valid[i]} | nll_loss 8.4 | ppl 337.1 | wps 71122 | num_updates {200 * (i + 1)}\n"
        )
    return text, {
        "train/loss": ([100 * (k + 1) for k in range(2 * n)], inner),
        "val/loss": ([200 * (i + 1) for i in range(n)], valid),
    }


def opennmt(rng: random.Random, n: int) -> tuple[str, Points]:
    """OpenNMT-py."""
    ppl, acc, vppl = fall(rng, 2 * n, 2), rise(rng, 2 * n, 2), fall(rng, n, 3)
    text = ""
    for i in range(2 * n):
        text += (
            f"[2020-05-01 10:00:{i % 60:02d},123 INFO] Step {50 * (i + 1)}/100000; acc:  "
            f"{acc[i]:5.2f}; ppl: {ppl[i]:5.2f}; xent: 1.33; lr: 0.00010; 3021/3108 tok/s;     {i + 20} sec\n"
        )
        if i % 2:
            text += (
                f"[2020-05-01 10:00:{i % 60:02d},999 INFO] Validation perplexity: "
                f"{vppl[i // 2]}\n[2020-05-01 10:00:{i % 60:02d},999 INFO] Validation accuracy: 35.1\n"
            )
    at = [50 * (i + 1) for i in range(2 * n)]
    return text, {"ppl": (at, ppl), "acc": (at, acc), "Validation perplexity": (at[1::2], vppl)}


def mmdet(rng: random.Random, n: int) -> tuple[str, Points]:
    """mmdetection 2: iterations start over within each epoch."""
    loss, box = fall(rng, 3 * n), rise(rng, n)
    text = "2022-02-02 10:00:00,111 - mmdet - INFO - Distributed training: False\n"
    for i in range(n):
        for k in range(3):
            text += (
                f"2022-02-02 10:00:{k:02d},111 - mmdet - INFO - Epoch "
                f"[{i + 1}][{50 * (k + 1)}/150]\tlr: 2.000e-02, eta: 1 day, 3:21:11, time: 0.512, "
                f"data_time: 0.031, memory: 3771, loss_rpn_cls: 0.1, loss: {loss[3 * i + k]}, "
                "grad_norm: 3.1\n"
            )
        text += (
            f"2022-02-02 10:01:00,111 - mmdet - INFO - Epoch(val) [{i + 1}][5000]\tbbox_mAP: "
            f"{box[i]}, bbox_mAP_50: 0.5\n"
        )
    return text, {
        "loss": ([50 * (k + 1) for k in range(3 * n)], loss),
        "val/bbox_mAP": (list(range(1, n + 1)), box),
    }


def mmengine(rng: random.Random, n: int) -> tuple[str, Points]:
    """mmengine: blanks between names and numbers."""
    loss, top1 = fall(rng, 2 * n), rise(rng, n)
    text = ""
    for i in range(n):
        for k in range(2):
            text += (
                f"2023/05/05 10:00:{k:02d} - mmengine - INFO - Epoch(train)   "
                f"[{i + 1}][{100 * (k + 1):3d}/200]  lr: 1.0000e-02  eta: 0:02:11  time: 0.0213  "
                f"data_time: 0.0101  memory: 201  loss: {loss[2 * i + k]}\n"
            )
        text += (
            f"2023/05/05 10:01:00 - mmengine - INFO - Epoch(val) [{i + 1}][157/157]    "
            f"accuracy/top1: {top1[i]}  data_time: 0.0051  time: 0.0081\n"
        )
    return text, {
        "train/loss": ([100 * (k + 1) for k in range(2 * n)], loss),
        "val/accuracy/top1": (list(range(1, n + 1)), top1),
    }


def paddleocr(rng: random.Random, n: int) -> tuple[str, Points]:
    """PaddleOCR."""
    loss, acc = fall(rng, n, 6), rise(rng, n, 6)
    text = ""
    for i in range(n):
        text += (
            f"[2021/12/14 12:00:{i % 60:02d}] ppocr INFO: epoch: [{1 + i // 4}/500], global_step: "
            f"{10 * (i + 1)}, lr: 0.001000, acc: {acc[i]:.6f}, norm_edit_dis: 0.1, loss: "
            f"{loss[i]:.6f}, avg_reader_cost: 0.51 s, avg_batch_cost: 0.81 s, avg_samples: 128.0, "
            "ips: 160.1 samples/s, eta: 1 day, 2:01:01\n"
        )
    at = [10 * (i + 1) for i in range(n)]
    return text, {"loss": (at, loss), "acc": (at, acc)}


def detectron2(rng: random.Random, n: int) -> tuple[str, Points]:
    """detectron2's event printer."""
    loss = fall(rng, n, 3)
    text = "".join(
        f"[05/01 12:00:{i % 60:02d} d2.utils.events]:  eta: 1:02:11  iter: {20 * i + 19}  "
        f"total_loss: {loss[i]}  loss_cls: 0.511  time: 0.2011  last_time: 0.2  data_time: "
        "0.0101  lr: 0.00025  max_mem: 3011M\n"
        for i in range(n)
    )
    return text, {"total_loss": ([20 * i + 19 for i in range(n)], loss)}


def caffe(rng: random.Random, n: int) -> tuple[str, Points]:
    """Caffe, with a test net."""
    loss, acc = fall(rng, n, 5), rise(rng, n, 4)
    text = ""
    for i in range(n):
        text += (
            f"I0501 12:00:{i % 60:02d}.123456 12345 solver.cpp:337] Iteration {100 * i}, Testing "
            f"net (#0)\nI0501 12:00:{i % 60:02d}.323456 12345 solver.cpp:404]     Test net output "
            f"#0: accuracy = {acc[i]}\n"
        )
        text += (
            f"I0501 12:00:{i % 60:02d}.423456 12345 solver.cpp:228] Iteration {100 * i}, loss = "
            f"{loss[i]}\nI0501 12:00:{i % 60:02d}.423456 12345 solver.cpp:244]     Train net output "
            f"#0: loss = {loss[i]} (* 1 = {loss[i]} loss)\nI0501 12:00:{i % 60:02d}.423456 12345 "
            f"sgd_solver.cpp:106] Iteration {100 * i}, lr = 0.01\n"
        )
    at = [100 * i for i in range(n)]
    return text, {"loss": (at, loss), "test/accuracy": (at, acc), "lr": (at, [0.01] * n)}


def darknet(rng: random.Random, n: int) -> tuple[str, Points]:
    """darknet: the number stands before its name."""
    loss = fall(rng, n, 6)
    text = "".join(
        f" {i + 1}: {loss[i] + 0.1:.6f}, {loss[i]:.6f} avg loss, 0.001000 rate, 3.412312 "
        f"seconds, {64 * (i + 1)} images, 11.1 hours left\nLoaded: 0.000041 seconds\n"
        for i in range(n)
    )
    return text, {"avg loss": (list(range(1, n + 1)), loss), "rate": (list(range(1, n + 1)), [0.001] * n)}


def sb3(rng: random.Random, n: int) -> tuple[str, Points]:
    """Stable-Baselines3's boxes."""
    reward = [round(20 + 5 * i + rng.random(), 1) for i in range(n)]
    kl = fall(rng, n, 6)
    text = "Using cpu device\nWrapping the env in a DummyVecEnv.\n"
    for i in range(n):
        text += "-" * 41 + "\n"
        text += "| rollout/                |             |\n"
        text += (
            f"|    ep_len_mean          | {reward[i]:<11} |\n|    ep_rew_mean          | {reward[i]:<11} |\n"
        )
        text += (
            "| time/                   |             |\n|    fps                  | 1021        "
            f"|\n|    iterations           | {i + 1:<11} |\n|    total_timesteps      | "
            f"{2048 * (i + 1):<11} |\n"
        )
        text += f"| train/                  |             |\n|    approx_kl            | {kl[i]:<11} |\n"
        text += "-" * 41 + "\n"
    at = [2048 * (i + 1) for i in range(n)]
    return text, {"rollout/ep_rew_mean": (at, reward), "train/approx_kl": (at, kl)}


def rllib_blocks(rng: random.Random, n: int) -> tuple[str, Points]:
    """RLlib's results, as Tune prints them: one name per line, the counter last."""
    reward = [round(20 + 5 * i + rng.random(), 2) for i in range(n)]
    text = ""
    for i in range(n):
        text += (
            f"Result for PPO_CartPole-v1_d9a2d_00000:\n  date: 2021-05-01_12-00-0{i % 10}\n  done: "
            f"false\n  episode_reward_mean: {reward[i]}\n  info:\n    learner:\n      "
            f"default_policy:\n        total_loss: {9 - i / 10}\n  timesteps_total: "
            f"{4000 * (i + 1)}\n  training_iteration: {i + 1}\n\n"
        )
        text += "== Status ==\nMemory usage on this node: 9.1/31.2 GiB\n"
    return text, {"episode_reward_mean": ([4000 * (i + 1) for i in range(n)], reward)}


def rllib_table(rng: random.Random, n: int) -> tuple[str, Points]:
    """RLlib's table of trials."""
    reward = [round(20 + 5 * i + rng.random(), 2) for i in range(n)]
    text = ""
    for i in range(n):
        text += (
            "+------------+----------+-------+--------+------+----------+\n| Trial name | status   "
            "| loc   |   iter |   ts |   reward "
            "|\n|------------+----------+-------+--------+------+----------|\n"
        )
        text += (
            f"| PPO_d9a2d_00000 | RUNNING  | node1 | {i + 1} | {4000 * (i + 1)} | {reward[i]} "
            "|\n+------------+----------+-------+--------+------+----------+\n\n"
        )
    return text, {"reward": ([4000 * (i + 1) for i in range(n)], reward)}


def own_loop(rng: random.Random, n: int) -> tuple[str, Points]:
    """What everybody writes."""
    loss, acc = fall(rng, n, 2), rise(rng, n, 2)
    text = "".join(f"Epoch {i + 1}/{n} Loss {loss[i]} Acc {acc[i]}\n" for i in range(n))
    at = list(range(1, n + 1))
    return text, {"Loss": (at, loss), "Acc": (at, acc)}


def pytorch_tutorial(rng: random.Random, n: int) -> tuple[str, Points]:
    """The transfer learning tutorial: the split stands in front of both numbers."""
    tl, ta, vl, va = fall(rng, n), rise(rng, n), fall(rng, n), rise(rng, n)
    text = "".join(
        f"Epoch {i}/{n - 1}\n----------\ntrain Loss: {tl[i]} Acc: {ta[i]}\nval Loss: {vl[i]} Acc: {va[i]}\n\n"
        for i in range(n)
    )
    at = list(range(n))
    return text, {
        "train Loss": (at, tl), "train/Acc": (at, ta), "val Loss": (at, vl), "val/Acc": (at, va),
    }  # fmt: skip


def pytorch_mnist(rng: random.Random, n: int) -> tuple[str, Points]:
    """The MNIST example: samples within the epoch, and a test whose accuracy is a ratio."""
    loss, tl = fall(rng, 3 * n, 6), fall(rng, n)
    right = [9000 + rng.randrange(900) for _ in range(n)]
    text = ""
    for i in range(n):
        for k in range(3):
            text += (
                f"Train Epoch: {i + 1} [{20000 * k}/60000 ({100 * k / 3:.0f}%)]\tLoss: "
                f"{loss[3 * i + k]:.6f}\n"
            )
        text += (
            f"\nTest set: Average loss: {tl[i]:.4f}, Accuracy: {right[i]}/10000 ({right[i] / 100:.0f}%)\n\n"
        )
    return text, {
        "train/Loss": ([20000 * k for k in range(3 * n)], loss),
        "test/Average loss": (list(range(1, n + 1)), tl),
        "test/Accuracy": (list(range(1, n + 1)), [r / 10000 for r in right]),
    }


def pytorch_imagenet(rng: random.Random, n: int) -> tuple[str, Points]:
    """The ImageNet example: each value with its mean in parentheses."""
    loss, top1 = fall(rng, 2 * n), rise(rng, n, 3)
    text = ""
    for i in range(n):
        for k in range(2):
            text += (
                f"Epoch: [{i}][{50 * k:4d}/100]\tTime  0.511 ( 0.602)\tData  0.011 ( 0.101)\tLoss "
                f"{loss[2 * i + k]:.4e} ({loss[2 * i + k] + 0.1:.4e})\tAcc@1  12.50 ( 11.00)\tAcc@5  "
                "31.25 ( 30.00)\n"
            )
        text += (
            f"Test: [ 0/20]\tTime  0.5 ( 0.5)\tLoss 1.0e+00 (1.0e+00)\n *   Acc@1 {top1[i]} Acc@5 80.120\n"
        )
    return text, {
        "Loss": ([50 * k for k in range(2 * n)], [float(f"{v:.4e}") for v in loss]),
        "test/Acc@1": (list(range(n)), top1),
    }


def cost_after(rng: random.Random, n: int) -> tuple[str, Points]:
    """A course's notebooks."""
    cost = fall(rng, n, 6)
    text = "".join(f"Cost after iteration {100 * i}: {cost[i]:.6f}\n" for i in range(n))
    return text, {"Cost": ([100 * i for i in range(n)], cost)}


def step_of_steps(rng: random.Random, n: int) -> tuple[str, Points]:
    """Another tutorial: epoch and step in brackets."""
    loss = fall(rng, 6 * n)
    text = "".join(
        f"Epoch [{1 + k // 6}/{n}], Step [{100 * (k % 6 + 1)}/600], Loss: {loss[k]:.4f}\n"
        for k in range(6 * n)
    )
    return text, {"Loss": ([100 * (k + 1) for k in range(6 * n)], loss)}


def logger_pipes(rng: random.Random, n: int) -> tuple[str, Points]:
    """A logger's prefix, bars between the numbers, tensors, percent signs."""
    tl, vl, acc = fall(rng, n), fall(rng, n), rise(rng, n)
    text = "".join(
        f"2024-01-01 10:00:{i % 60:02d},012 [INFO] trainer.py:88 - epoch={i:3d} | "
        f"train_loss=tensor({tl[i]}, device='cuda:0') | val_loss={vl[i]} | "
        f"val_acc={100 * acc[i]:.2f}% | lr=1.0e-04 | 12.1s\n"
        for i in range(n)
    )
    at = list(range(n))
    return text, {
        "train_loss": (at, tl),
        "val_loss": (at, vl),
        "val_acc": (at, [round(100 * a, 2) for a in acc]),
    }


def nnunet(rng: random.Random, n: int) -> tuple[str, Points]:
    """nnU-Net v2: one number per line; the loss is a negative dice."""
    tl = [-v for v in rise(rng, n)]
    text = ""
    for i in range(n):
        text += (
            f"2023-05-01 12:00:00.123456:  \n2023-05-01 12:00:00.123456: Epoch {i} \n2023-05-01 "
            "12:00:00.123456: Current learning rate: 0.01 \n2023-05-01 12:01:00.123456: train_loss "
            f"{tl[i]} \n2023-05-01 12:01:00.123456: val_loss -0.5{i % 10} \n2023-05-01 "
            f"12:01:00.123456: Pseudo dice [np.float32(0.5{i % 10}1), np.float32(0.61)] "
            "\n2023-05-01 12:01:00.123456: Epoch time: 60.1 s \n"
        )
    at = list(range(n))
    return text, {"train_loss": (at, tl), "Pseudo dice/1": (at, [0.61] * n)}


def skorch(rng: random.Random, n: int) -> tuple[str, Points]:
    """skorch's table, with rules."""
    tl, va = fall(rng, n), rise(rng, n)
    text = (
        "  epoch    train_loss    valid_acc     dur\n-------  ------------  -----------  ------\n"
        + "".join(f"{i + 1:7d}  {tl[i]:>12.4f}  {va[i]:>11.4f}  0.1058\n" for i in range(n))
    )
    at = list(range(1, n + 1))
    return text, {"train_loss": (at, tl), "valid_acc": (at, va)}


def markdown(rng: random.Random, n: int) -> tuple[str, Points]:
    """A table in somebody's notes."""
    tl, vl = fall(rng, n), fall(rng, n)
    text = (
        "# Results\n\nSecond try, with 3 layers.\n\n| epoch | train loss | val loss |\n|---:|---:|:--|\n"
        + "".join(f"| {i} | {tl[i]} | {vl[i]} |\n" for i in range(n))
    )
    at = list(range(n))
    return text, {"train loss": (at, tl), "val loss": (at, vl)}


def json_in_lines(rng: random.Random, n: int) -> tuple[str, Points]:
    """JSON behind a logger's prefix, numbers in quotes, as fairseq's json format and NeMo print them."""
    loss, valid = fall(rng, n, 3), fall(rng, n, 3)
    text = ""
    for i in range(n):
        text += (
            f'2021-03-01 10:00:01 | INFO | train | {{"epoch": {i + 1}, "train_loss": "{loss[i]}", '
            f'"train_num_updates": "{100 * (i + 1)}"}}\n'
        )
        text += f'2021-03-01 10:00:02 | INFO | valid | {{"epoch": {i + 1}, "valid_loss": "{valid[i]}"}}\n'
    return text, {
        "train_loss": ([100 * (i + 1) for i in range(n)], loss),
        "valid_loss": ([100 * (i + 1) for i in range(n)], valid),
    }


def no_counter(rng: random.Random, n: int) -> tuple[str, Points]:
    """Nothing counts: lines do."""
    loss, acc = fall(rng, n), rise(rng, n)
    text = "".join(f"loss: {loss[i]} accuracy: {acc[i]}\n" for i in range(n))
    return text, {"loss": (list(range(n)), loss), "accuracy": (list(range(n)), acc)}


def matlab(rng: random.Random, n: int) -> tuple[str, Points]:
    """MATLAB's table, whose header takes two lines."""
    loss, acc = fall(rng, n), rise(rng, n, 2)
    rule = "|" + "=" * 70 + "|\n"
    text = "Training on single GPU.\n" + rule
    text += (
        "|  Epoch  |  Iteration  |  Time Elapsed  |  Mini-batch  |  Mini-batch  |\n|         | "
        "            |   (hh:mm:ss)   |   Accuracy   |     Loss     |\n"
    )
    text += rule
    for i in range(n):
        text += (
            f"|  {1 + i // 2:5d}  |  {50 * (i + 1):9d}  |       00:00:{i % 60:02d} |   {acc[i]}%   "
            f"|   {loss[i]}   |\n"
        )
    at = [50 * (i + 1) for i in range(n)]
    return text + rule, {"Mini-batch Loss": (at, loss), "Mini-batch Accuracy": (at, acc)}


def spacy(rng: random.Random, n: int) -> tuple[str, Points]:
    """spaCy's table: E is the epoch, # the step."""
    loss, score = fall(rng, n, 2), rise(rng, n, 2)
    text = (
        "E    #       LOSS TOK2VEC  LOSS NER  ENTS_F  SCORE \n---  ------  ------------  "
        "--------  ------  ------\n"
    )
    for i in range(n):
        text += f"{i // 3:3d}  {200 * i:6d}  {3.5:12.2f}  {loss[i]:8.2f}  {50.25:6.2f}  {score[i]:6.2f}\n"
    at = [200 * i for i in range(n)]
    return text, {"LOSS NER": (at, loss), "SCORE": (at, score)}


def espnet(rng: random.Random, n: int) -> tuple[str, Points]:
    """ESPnet: the epoch stands before its name, and both sets in one line."""
    loss, valid = fall(rng, 2 * n, 3), fall(rng, n, 3)
    text = ""
    for i in range(n):
        for k in range(2):
            text += (
                "[host] 2021-05-01 12:00:00,123 (trainer:732) INFO: "
                f"{i + 1}epoch:train:{100 * k + 1}-{100 * k + 100}batch: iter_time=0.101, "
                f"loss_att=90.2, loss={loss[2 * i + k]}, optim0_lr0=1.0e-05\n"
            )
        text += (
            f"[host] 2021-05-01 12:00:00,123 (trainer:336) INFO: {i + 1}epoch results: [train] "
            f"iter_time=0.1, acc=0.15, [valid] loss_ctc=120.1, loss={valid[i]}\n"
        )
    return text, {
        "train/loss": ([100 * (k + 1) for k in range(2 * n)], loss),
        "val/loss": (list(range(1, n + 1)), valid),
    }


def flair(rng: random.Random, n: int) -> tuple[str, Points]:
    """Flair: what a name means stands in parentheses."""
    f1, dev = rise(rng, n), fall(rng, n)
    text = ""
    for i in range(n):
        for k in (1, 2):
            text += (
                f"2021-05-01 12:00:00,123 epoch {i + 1} - iter {10 * k}/20 - loss 2.31234 - time (sec): "
                "1.11 - samples/sec: 200.12 - lr: 0.100000\n"
            )
        text += f"2021-05-01 12:00:00,123 DEV : loss {dev[i]} - f1-score (micro avg)  {f1[i]}\n"
    at = list(range(1, n + 1))
    return text, {"val/loss": (at, dev), "val/f1-score": (at, f1)}


def coqui(rng: random.Random, n: int) -> tuple[str, Points]:
    """Coqui TTS: one number per line below its step, then an evaluation."""
    loss, val = fall(rng, n, 5), fall(rng, n, 5)
    text = ""
    for i in range(n):
        text += f" > EPOCH: {i}/1000\n   --> STEP: 24/100 -- GLOBAL_STEP: {100 * i + 25}\n"
        text += f"     | > loss: {loss[i]:.5f}  (0.60000)\n     | > current_lr: 0.00010 \n"
        text += f"  --> EVAL PERFORMANCE\n     | > avg_loss: {val[i]:.5f} (+0.00000)\n"
    at = [100 * i + 25 for i in range(n)]
    return text, {"loss": (at, loss), "val/avg_loss": (at, val)}


def dcgan(rng: random.Random, n: int) -> tuple[str, Points]:
    """The DCGAN example."""
    d, g = fall(rng, 2 * n), rise(rng, 2 * n)
    text = "".join(
        f"[{i // 2}/25][{50 * (i % 2)}/100]\tLoss_D: {d[i]:.4f}\tLoss_G: {g[i]:.4f}\tD(x): "
        f"{d[i]:.4f}\tD(G(z)): 0.5992 / 0.0079\n"
        for i in range(2 * n)
    )
    at = [50 * i for i in range(2 * n)]
    return text, {"Loss_D": (at, d), "Loss_G": (at, g), "D(x)": (at, d)}


def language_model(rng: random.Random, n: int) -> tuple[str, Points]:
    """The word language model example: batches, then the end of the epoch."""
    loss, valid = fall(rng, 2 * n, 2), fall(rng, n, 2)
    text = ""
    for i in range(n):
        for k in (1, 2):
            text += (
                f"| epoch {i + 1:3d} |{200 * k:6d}/  400 batches | lr 20.00 | ms/batch 12.34 | loss "
                f"{loss[2 * i + k - 1]:5.2f} | ppl  2056.12\n"
            )
        text += (
            "-"
            * 89
            + f"\n| end of epoch {i + 1:3d} | time: 40.12s | valid loss {valid[i]:5.2f} | valid ppl   "
            "247.12\n" + "-" * 89 + "\n"
        )
    return text, {
        "loss": ([200 * (k + 1) for k in range(2 * n)], loss),
        "valid loss": (list(range(1, n + 1)), valid),
    }


def mlx(rng: random.Random, n: int) -> tuple[str, Points]:
    """MLX: capitals, commas, times."""
    loss, val = fall(rng, n, 3), fall(rng, n, 3)
    text = ""
    for i in range(n):
        text += f"Iter {100 * i + 1}: Val loss {val[i]}, Val took 12.312s\n"
        text += (
            f"Iter {100 * i + 50}: Train loss {loss[i]}, Learning Rate 1.000e-05, It/sec 0.512, "
            f"Trained Tokens {5000 * i}, Peak mem 5.012 GB\n"
        )
    return text, {
        "Val loss": ([100 * i + 1 for i in range(n)], val),
        "Train loss": ([100 * i + 50 for i in range(n)], loss),
        "Learning Rate": ([100 * i + 50 for i in range(n)], [1e-5] * n),
    }


def mxnet(rng: random.Random, n: int) -> tuple[str, Points]:
    """MXNet: batches and epochs, one number per line."""
    acc, val = rise(rng, 2 * n, 6), rise(rng, n, 6)
    text = ""
    for i in range(n):
        for k in range(2):
            text += (
                f"INFO:root:Epoch[{i}] Batch [{50 * (k + 1)}]\tSpeed: 2134.51 "
                f"samples/sec\taccuracy={acc[2 * i + k]:.6f}\n"
            )
        text += (
            f"INFO:root:Epoch[{i}] Time cost=12.5\nINFO:root:Epoch[{i}] Validation-accuracy={val[i]:.6f}\n"
        )
    return text, {
        "accuracy": ([50 * (k + 1) for k in range(2 * n)], acc),
        "Validation-accuracy": (list(range(n)), val),
    }


def tensorflow1(rng: random.Random, n: int) -> tuple[str, Points]:
    """Estimators: the step comes last."""
    loss = fall(rng, n)
    text = "".join(
        f"INFO:tensorflow:loss = {loss[i]}, step = {100 * i + 1} (0.83 "
        f"sec)\nINFO:tensorflow:global_step/sec: 120.{i}\n"
        for i in range(n)
    )
    return text, {"loss": ([100 * i + 1 for i in range(n)], loss)}


def megatron(rng: random.Random, n: int) -> tuple[str, Points]:
    """Megatron-LM: long names, and "nan" as a word."""
    loss = fall(rng, n, 6)
    text = "".join(
        f" iteration {i + 1:8d}/  250000 | consumed samples: {8 * i:12d} | elapsed time per "
        f"iteration (ms): 4247.9 | learning rate: 2.999E-04 | lm loss: {loss[i]:.6E} | grad "
        "norm: nan | number of skipped iterations:   0 | number of nan iterations:   0 |\n"
        for i in range(n)
    )
    at = list(range(1, n + 1))
    return text, {"lm loss": (at, [float(f"{v:.6E}") for v in loss]), "learning rate": (at, [2.999e-4] * n)}


def spinning_up(rng: random.Random, n: int) -> tuple[str, Points]:
    """Boxes without a blank between them."""
    ret = rise(rng, n, 1)
    text = "".join(
        "-" * 39 + f"\n|             Epoch | {i:15d} |\n|      AverageEpRet | {ret[i]:15.3g} |\n| "
        f"TotalEnvInteracts | {4000 * (i + 1):15d} |\n" + "-" * 39 + "\n"
        for i in range(n)
    )
    return text, {"AverageEpRet": ([4000 * (i + 1) for i in range(n)], [float(f"{v:.3g}") for v in ret])}


def keras_pasted(rng: random.Random, n: int) -> tuple[str, Points]:
    """Keras copied out of a terminal: a state of the bar and a callback's sentences before the last state."""
    loss, vloss = fall(rng, n), fall(rng, n)
    text = ""
    for i in range(n):
        text += (
            f"Epoch {i + 86}/5000\n320/405 [======================>.......] - ETA: 0s - loss: "
            f"{loss[i] + 0.1:.4f}\n"
        )
        text += f"Epoch {i + 86:05d}: val_loss did not improve from 0.26629\n\n"
        text += (
            f"405/405 [==============================] - 0s 724us/sample - loss: {loss[i]} - "
            f"val_loss: {vloss[i]}\n"
        )
    at = [i + 86 for i in range(n)]
    return text, {"loss": (at, loss), "val_loss": (at, vloss)}


def rich_bars(rng: random.Random, n: int) -> tuple[str, Points]:
    """Lightning with rich: states of a bar overwrite each other."""
    tl = fall(rng, n, 3)
    text = ""
    for i in range(n):
        for done in (100, 500, 938):
            text += (
                f"\rEpoch {i}/{n - 1}  ━━━━━━━━━━━━━━━━ {done}/938 0:00:10 • 0:00:00 89.00it/s v_num: 0 "
                f"train_loss: {tl[i] + (938 - done):.3f}"
            )
        text += "\n"
    return text, {"train_loss": (list(range(n)), tl)}


SAMPLES: dict[str, Sample] = {
    name: made
    for name, made in list(globals().items())
    if callable(made) and getattr(made, "__module__", "") == __name__ and name not in ("fall", "rise")
}
