"""The table of accelerators is complete and plausible."""

from itertools import pairwise

from stacks.spec.accelerators import ACCELERATOR_KEYS, ACCELERATORS


def test_every_key_a_stack_file_may_name_has_one_row() -> None:
    assert tuple(sorted(ACCELERATORS)) == tuple(sorted(ACCELERATOR_KEYS))


def test_keys_are_in_order_so_that_a_reader_finds_one() -> None:
    assert all(before < after for before, after in pairwise(ACCELERATOR_KEYS))


def test_every_row_says_where_its_figures_come_from() -> None:
    assert [row.key for row in ACCELERATORS.values() if len(row.source) < 10] == []


def test_precisions_agree_with_the_cuda_capability() -> None:
    """bfloat16 came with capability 8.0, 8-bit floats with 8.9 (CUDA programming guide, arithmetic instructions)."""
    for row in ACCELERATORS.values():
        if row.compute_capability is not None:
            assert ("bf16" in row.precisions) == (row.compute_capability >= (8, 0)), row.key
            assert ("fp8" in row.precisions) == (row.compute_capability >= (8, 9)), row.key
