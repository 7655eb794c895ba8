"""Training on several devices: in several processes on torch, in one on jax.

On torch, start them with ``torchrun --nproc-per-node 2 train.py ...``: each serves its share of every batch, and gradients are
averaged. Statistics of batch normalisation and the sums of soft Dice and of metrics go over all processes, so that two of them
with half a batch each do what one does with the whole. On jax, one process shares every batch among the devices it finds.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import keras


@dataclass(frozen=True)
class Processes:
    """This process's place among all.

    Attributes:
        rank: 0 for the one that writes.
        count: How many there are.
        devices: How many devices share a batch of this one.
    """

    rank: int = 0
    count: int = 1
    devices: int = 1

    @property
    def writes(self) -> bool:
        """Whether this is the process that writes."""
        return self.rank == 0


def join_processes() -> Processes:
    """Joins the processes that torchrun started; alone, there is nothing to join. On jax, takes all devices there are."""
    if keras.backend.backend() == "jax" and len(keras.distribution.list_devices()) > 1:
        keras.distribution.set_distribution(_ShareBatches())
        return Processes(devices=len(keras.distribution.list_devices()))
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1 or keras.backend.backend() != "torch":
        return Processes()
    import torch

    torch.distributed.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    return Processes(torch.distributed.get_rank(), count)


class _ShareBatches(keras.distribution.DataParallel):
    """Every device has the weights and its share of a batch; a batch that cannot be shared equally is given whole to each."""

    def get_data_layout(self, data_shape: tuple[int, ...]) -> keras.distribution.TensorLayout:
        """Returns how an array of a batch lies on the devices."""
        if data_shape[0] % self.num_model_replicas:
            return keras.distribution.TensorLayout([None] * len(data_shape), self.device_mesh)
        return super().get_data_layout(data_shape)


def average_gradients(model: keras.Model, processes: Processes) -> None:
    """Starts from the first process's weights, and averages every gradient over all processes as soon as it is known."""
    if processes.count == 1:
        return
    import torch

    for variable in model.variables:
        torch.distributed.broadcast(variable.value.data, src=0)

    def average(gradient: torch.Tensor) -> torch.Tensor:
        torch.distributed.all_reduce(gradient)
        return gradient / processes.count

    for variable in model.trainable_variables:
        variable.value.register_hook(average)


def agree(number: int, processes: Processes) -> int:
    """Returns the first process's number to all of them."""
    if processes.count == 1:
        return number
    import torch

    shared = torch.tensor(number)
    torch.distributed.broadcast(shared, src=0)
    return int(shared)


def total(value: Any) -> Any:
    """Returns the sum of a tensor over all processes, differentiably; alone, the tensor itself."""
    if keras.backend.backend() != "torch":
        return value
    from shapeseg.models.torch_kernels import sum_over_processes

    return sum_over_processes(value)


def leave_processes(processes: Processes) -> None:
    """Waits for the others and parts."""
    if processes.devices > 1:
        keras.distribution.set_distribution(None)
    if processes.count > 1:
        import torch

        torch.distributed.barrier()
        torch.distributed.destroy_process_group()
