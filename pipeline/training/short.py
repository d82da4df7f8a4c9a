"""Numbers of half the length, for training on a CPU."""

from __future__ import annotations

import torch


def short() -> torch.autocast:
    """bfloat16 where the processor has it: without AVX-512 it is emulated, and takes six to ten times as long."""
    return torch.autocast("cpu", torch.bfloat16, enabled=torch.backends.cpu.get_cpu_capability() == "AVX512")
