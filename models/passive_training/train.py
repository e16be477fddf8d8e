"""Trains the passive network: `train.py OUT NAME [--fold K] [--from NAME] …`.

Reads the samples that `data` drew into OUT. Writes OUT/NAME.npz, the weights with batch
norms folded in (float16, as `passive_to_tflite` reads them), and OUT/NAME_scores.npz:
logits of the untouched sources and of the samples left out. With `--fold` the people
of that fold are left out, with `--without` a kind of sample: to measure on the unseen.
With `--from` the network goes on from a run's folded weights, half as fast.
Runs in an environment of its own (requirements.txt); leaves figures to `measure`.
"""

import argparse
import csv
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from passive_training.folds import folds_of

SIDE, VIEWS = 96, 3
CHANNELS = (12, 20, 32, 48, 64)
STRIDES = (2, 2, 2, 1, 2)
PASSES, BATCH, RATE, DECAY = 6, 32, 3e-3, 0.05
SMOOTHING = 0.03  # some recaptures look like life: no label is quite sure
OVER_SHARE, OVER_STOPS = 0.3, 1.0  # of coded values: they clip as a webcam's do
REPORT_EVERY = 50
THREADS = 1


class Network(nn.Module):  # type: ignore[misc]  # torch is not installed here
    """One branch for each view; three logits."""

    def __init__(self) -> None:
        super().__init__()
        self.branches = nn.ModuleList(_branch() for _ in range(VIEWS))
        self.heads = nn.ModuleList(nn.Linear(CHANNELS[-1], 1) for _ in range(VIEWS))
        self.dropout = nn.Dropout(0.2)

    def forward(self, views: Tensor) -> Tensor:
        """Take N×3×3×96×96 in -1..1; give N×3 logits."""
        logits = []
        for number, (branch, head) in enumerate(
            zip(self.branches, self.heads, strict=True)
        ):
            view = views[:, number].contiguous(memory_format=torch.channels_last)
            logits.append(head(self.dropout(branch(view).mean((2, 3)))))
        return torch.cat(logits, 1)

    def go_on_from(
        self, weights: Mapping[str, npt.NDArray[np.float16]], views: Tensor
    ) -> None:
        """Take the folded weights of a run; norms are set to what `views` give."""
        for number, (branch, head) in enumerate(
            zip(self.branches, self.heads, strict=True)
        ):
            value = views[:, number]
            for step in range(len(CHANNELS)):
                convolution, norm = branch[3 * step], branch[3 * step + 1]
                _take(convolution.weight, weights[f"w{number}_{step}"])
                value = convolution(value)
                mean, variance = value.mean((0, 2, 3)), value.var((0, 2, 3))
                _take(norm.running_mean, mean)
                _take(norm.running_var, variance)
                _take(norm.weight, torch.sqrt(variance + norm.eps))
                shift = torch.from_numpy(weights[f"b{number}_{step}"])
                _take(norm.bias, mean + shift)
                value = torch.relu(value + shift.float()[:, None, None])
            _take(head.weight, weights[f"fcw{number}"])
            _take(head.bias, weights[f"fcb{number}"])


def _take(target: Tensor, values: Tensor | npt.NDArray[np.float16]) -> None:
    target.copy_(torch.as_tensor(values))


def _branch() -> nn.Sequential:
    steps: list[nn.Module] = []
    before = 3
    for channels, stride in zip(CHANNELS, STRIDES, strict=True):
        steps += [
            nn.Conv2d(before, channels, 3, stride=stride, padding=1, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(inplace=True),
        ]
        before = channels
    return nn.Sequential(*steps)


def read_samples(
    out: Path,
) -> tuple[npt.NDArray[np.uint8], list[dict[str, str]]]:
    """Read every drawn file of samples."""
    samples, rows = [], []
    for listed in sorted(out.glob("samples_*.csv")):
        samples.append(np.load(listed.with_suffix(".npy"), mmap_mode="r"))
        with listed.open(encoding="utf-8") as lines:
            rows += list(csv.DictReader(lines))
    return np.concatenate(samples), rows


def to_input(samples: npt.NDArray[np.uint8]) -> Tensor:
    """N×288×96×3, 0..255, to N×3×3×96×96, -1..1."""
    pixels = torch.from_numpy(np.ascontiguousarray(samples))
    views = pixels.view(-1, VIEWS, SIDE, SIDE, 3).permute(0, 1, 4, 2, 3)
    return views.float().div_(127.5).sub_(1)


def varied(views: Tensor) -> Tensor:
    """Mirror half of them; change light and colour; over-expose some."""
    count = len(views)
    mirrored = torch.rand(count) < 0.5  # noqa: PLR2004
    views[mirrored] = views[mirrored].flip(-1)
    contrast = 1 + 0.15 * torch.randn(count, 1, 1, 1, 1)
    colour = 0.1 * torch.randn(count, 1, 3, 1, 1)
    stops = torch.rand(count, 1, 1, 1, 1) * OVER_STOPS
    stops *= torch.rand_like(stops) < OVER_SHARE
    light = (views + 1) * 2**stops - 1
    return (light * contrast + colour).clamp_(-1, 1)


def train(
    network: Network,
    samples: npt.NDArray[np.uint8],
    live: npt.NDArray[np.float32],
    seed: int,
    rate: float,
    passes: int,
) -> None:
    """Train one network; both classes weigh the same."""
    order = np.random.default_rng(seed)
    network.to(memory_format=torch.channels_last)
    steps = len(samples) * passes // BATCH
    optimizer = torch.optim.AdamW(network.parameters(), rate, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, rate, total_steps=steps + 1, pct_start=0.15
    )
    share = float(live.mean())
    cost = nn.BCEWithLogitsLoss(reduction="none")
    queue = np.concatenate([order.permutation(len(samples)) for _ in range(passes)])
    recent = 0.0
    for step in range(steps):
        chosen = np.sort(queue[step * BATCH : (step + 1) * BATCH])
        wanted = torch.from_numpy(live[chosen])[:, None]
        weight = wanted * 0.5 / share + (1 - wanted) * 0.5 / (1 - share)
        wanted = wanted * (1 - 2 * SMOOTHING) + SMOOTHING
        logits = network(varied(to_input(samples[chosen])))
        each = cost(logits, wanted.expand_as(logits)).mean(1, keepdim=True)
        loss = (weight * (each + cost(logits.mean(1, keepdim=True), wanted))).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        recent = loss.item() if step == 0 else 0.97 * recent + 0.03 * loss.item()
        if step % REPORT_EVERY == 0:
            print(f"{step}/{steps} {recent:.3f}", flush=True)
    network.eval()


def score(network: Network, samples: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Return N×3 logits."""
    with torch.inference_mode():
        parts = [
            network(to_input(samples[start : start + 2 * BATCH])).numpy()
            for start in range(0, len(samples), 2 * BATCH)
        ]
    return np.concatenate(parts)


def folded(network: Network) -> dict[str, npt.NDArray[np.float16]]:
    """Fold each batch norm into the convolution before it."""
    weights: dict[str, Tensor] = {}
    pairs = zip(network.branches, network.heads, strict=True)
    for number, (branch, head) in enumerate(pairs):
        for step in range(len(CHANNELS)):
            convolution, norm = branch[3 * step], branch[3 * step + 1]
            scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
            weight = convolution.weight * scale[:, None, None, None]
            bias = norm.bias - norm.running_mean * scale
            weights[f"w{number}_{step}"], weights[f"b{number}_{step}"] = weight, bias
        weights[f"fcw{number}"], weights[f"fcb{number}"] = head.weight, head.bias
    return {
        name: value.detach().contiguous().numpy().astype(np.float16)
        for name, value in weights.items()
    }


def main(arguments: list[str]) -> int:
    """Train, score, write."""
    parser = argparse.ArgumentParser(description="train the passive network")
    parser.add_argument("out", type=Path)
    parser.add_argument("name")
    parser.add_argument("--fold", type=int, default=-1)
    parser.add_argument("--without", action="append", default=[])
    parser.add_argument("--from", dest="before", default="")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--passes", type=int, default=PASSES)
    given = parser.parse_args(arguments)
    torch.set_num_threads(THREADS)
    torch.set_flush_denormal(True)
    samples, rows = read_samples(given.out)
    people = folds_of([row["identity"] for row in rows], given.out / "sources.csv")
    used = people != given.fold
    for kind in given.without:
        used &= np.array([kind not in row["kind"] for row in rows])
    live = np.array([row["live"] == "1" for row in rows], np.float32)
    print(f"{used.sum()} samples of {len(rows)}", flush=True)
    torch.manual_seed(given.seed)
    network, rate = Network(), RATE
    if given.before:
        some = to_input(samples[used][:: len(samples) // 500])
        with np.load(given.out / f"{given.before}.npz") as weights, torch.no_grad():
            network.go_on_from(weights, some)
        rate = RATE / 2
    train(network, samples[used], live[used], given.seed, rate, given.passes)
    np.savez(given.out / f"{given.name}.npz", **folded(network))
    untouched = np.load(given.out / "untouched.npy", mmap_mode="r")
    left_out = np.full((len(samples), VIEWS), np.nan, np.float32)
    left_out[people == given.fold] = score(network, samples[people == given.fold])
    np.savez(
        given.out / f"{given.name}_scores.npz",
        fold=given.fold,
        untouched=score(network, untouched),
        samples=left_out,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
