"""The words of pet names. Ours: the real plugin's lists are longer, so its names repeat less often."""

from pathlib import Path

_PARAGRAPHS = Path(__file__).with_name("pet_words.txt").read_text(encoding="utf-8").split("\n\n")

ADVERBS, ADJECTIVES, NAMES = (tuple(paragraph.split()) for paragraph in _PARAGRAPHS)
"""Each a tuple of lower-case English words, at least 80, none twice."""
