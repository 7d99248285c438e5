"""The published algorithm, computed the way the published code computes it: plainly.

Every gradient step is a whole forward pass with the head over every position; every key is read by
a pass of its own batch; C is inverted. It exists to be measured against and to check the engine on
cases nobody recorded; it passes the goldens itself. Sources: kmeng01/rome `rome/compute_u.py`,
`rome/compute_v.py`; the r-ROME and p-ROME branches of scalable-model-editing/rebuilding-rome.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import kl_div
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from romebench.hparams import Hparams


@dataclass(frozen=True)
class ReferenceEdit:
    """What the reference computed: left [d_in], right [d_out], δ [d_out], losses [passes, 5]."""

    left: Tensor
    right: Tensor
    offset: Tensor
    losses: Tensor


def lookup(tokenizer: PreTrainedTokenizerBase, prompt: str, subject: str) -> int:
    """Index of the subject's last token: pieces before the subject's end are counted."""
    before, _ = prompt.split("{}")
    return len(tokenizer(before + subject)["input_ids"]) - 1


class Reference:
    """The plain way, on one model and site."""

    def __init__(
        self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, hparams: Hparams
    ) -> None:
        self.model = model
        self.tokenizer = tokenizer
        self.hparams = hparams
        self.module = model.get_submodule(hparams.rewrite_module_tmp.format(hparams.layer))
        self.mlp = model.get_submodule(hparams.mlp_module_tmp.format(hparams.layer))

    def edit(
        self,
        prompt: str,
        subject: str,
        target: str,
        rule: str,
        contexts: Sequence[str],
        covariance: Tensor | None,
    ) -> ReferenceEdit:
        """One edit on the model as it is."""
        prompts = [context.format(prompt) for context in contexts]
        if rule == "p-rome":
            solved = k_mean = self.read([prompt], subject)[0][0]
        else:
            solved = k_mean = self.read(prompts, subject)[0].mean(0)
        if covariance is not None and self.hparams.mom2_adjustment:
            solved = torch.inverse(covariance) @ solved
        left = solved / solved.norm()
        offset, v_start, losses = self.optimise(prompts, subject, target)
        if rule == "r-rome":
            # One pass a context here, as rebuilding-rome does it; one batch for the key above.
            singles = [self.read([text], subject) for text in prompts]
            k_div = torch.cat([keys for keys, _ in singles]).mean(0)
            v_div = torch.cat([values for _, values in singles]).mean(0)
        else:
            keys, values = self.read([prompt], subject)
            k_div = k_mean if rule == "rome-kbar" else keys[0]
            v_div = values[0]
        right = (v_start + offset - v_div) / torch.dot(k_div, left)
        return ReferenceEdit(left, right, offset, losses)

    def read(self, prompts: Sequence[str], subject: str) -> tuple[Tensor, Tensor]:
        """Keys and values at the subject's last token of each prompt, by one whole pass."""
        indices = [lookup(self.tokenizer, prompt, subject) for prompt in prompts]
        rows = list(range(len(prompts)))
        found: dict[str, Tensor] = {}

        def hook(_m: nn.Module, args: tuple[Tensor, ...], out: Tensor) -> None:
            for name, tensor in (("keys", args[0]), ("values", out)):
                # OPT flattens rows and columns into one.
                shaped = tensor.view(len(rows), -1, tensor.shape[-1])
                found[name] = shaped[rows, indices].detach().clone()

        texts = [prompt.format(subject) for prompt in prompts]
        handle = self.module.register_forward_hook(hook)
        with torch.no_grad():
            self.model(input_ids=self._padded(texts)["input_ids"])
        handle.remove()
        return found["keys"], found["values"]

    def optimise(
        self, prompts: Sequence[str], subject: str, target: str
    ) -> tuple[Tensor, Tensor, Tensor]:
        """δ, the value it is added to, and the losses."""
        hparams = self.hparams
        batch, labels, lookups = self._inputs(prompts, subject, target)
        n = len(prompts)
        offset: Tensor | None = None
        start: list[Tensor] = []

        def hook(_m: nn.Module, _a: object, out: Tensor) -> Tensor:
            shaped = out.view(n + 1, -1, out.shape[-1])
            if not start:
                start.append(shaped[0, lookups[0]].detach().clone())
            assert offset is not None
            moved = shaped.clone()
            for row, index in enumerate(lookups):
                moved[row, index] = moved[row, index] + offset
            return moved.view(out.shape)

        width = self.module(torch.zeros(1, 1, self._d_in(), dtype=self._dtype())).shape[-1]
        offset = torch.zeros(width, dtype=self._dtype(), requires_grad=True)
        adam = torch.optim.Adam([offset], lr=hparams.v_lr)
        losses: list[list[float]] = []
        kl_start: Tensor | None = None
        flags = [p.requires_grad for p in self.model.parameters()]
        for parameter in self.model.parameters():
            parameter.requires_grad_(False)
        for step in range(hparams.v_num_grad_steps):
            adam.zero_grad()
            handle = self.mlp.register_forward_hook(hook)
            logits = self.model(**batch).logits
            handle.remove()
            kl_now = torch.log_softmax(logits[n:, lookups[-1]], dim=1)
            kl_start = kl_now.detach().clone() if kl_start is None else kl_start
            log_probs = torch.log_softmax(logits[:n], dim=2)
            mask = labels != -100
            picked = log_probs.gather(2, labels.clamp(min=0)[:, :, None])[:, :, 0] * mask
            nll_each = -picked.sum(1) / mask.sum(1)
            nll = nll_each.mean()
            kl = hparams.kl_factor * kl_div(
                kl_start, kl_now, log_target=True, reduction="batchmean"
            )
            decay = hparams.v_weight_decay * (torch.norm(offset) / torch.norm(start[0]) ** 2)
            loss = nll + kl + decay
            prob = torch.exp(-nll_each).mean()
            losses.append([float(x.detach()) for x in (loss, nll, kl, decay, prob)])
            if loss < 5e-2 or step == hparams.v_num_grad_steps - 1:
                break
            loss.backward()
            adam.step()
            limit = hparams.clamp_norm_factor * start[0].norm()
            if offset.norm() > limit:
                with torch.no_grad():
                    offset[...] = offset * limit / offset.norm()
        for parameter, flag in zip(self.model.parameters(), flags, strict=True):
            parameter.requires_grad_(flag)
        return offset.detach(), start[0], torch.tensor(losses, dtype=torch.float64)

    def _inputs(
        self, prompts: Sequence[str], subject: str, target: str
    ) -> tuple[dict[str, Tensor], Tensor, list[int]]:
        """Right-padded batch with the KL prompt behind, labels, and lookup indices."""
        spaced = target if target.startswith(" ") else " " + target
        target_ids = self.tokenizer(spaced, add_special_tokens=False)["input_ids"]
        texts = [p + self.tokenizer.decode(target_ids[:-1]) for p in prompts]
        kl_prompt = "{} is a"
        batch = self._padded([t.format(subject) for t in [*texts, kl_prompt]])
        labels = torch.full((len(prompts), batch["input_ids"].shape[1]), -100)
        for row in range(len(prompts)):
            end = int(batch["attention_mask"][row].sum())
            labels[row, end - len(target_ids) : end] = torch.tensor(target_ids)
        lookups = [lookup(self.tokenizer, p, subject) for p in [*prompts, kl_prompt]]
        return {"input_ids": batch["input_ids"]}, labels, lookups

    def _padded(self, texts: Sequence[str]) -> dict[str, Tensor]:
        """A right-padded batch. The model is run without its mask: no token sees the padding
        behind it, and masked padding is NaN in families with a sliding window."""
        self.tokenizer.padding_side = "right"
        return dict(self.tokenizer(list(texts), return_tensors="pt", padding=True))

    def _dtype(self) -> torch.dtype:
        return next(self.model.parameters()).dtype

    def _d_in(self) -> int:
        weight = self.module.weight
        return weight.shape[0] if type(self.module).__name__ == "Conv1D" else weight.shape[1]
