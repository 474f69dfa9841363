"""The only reader of Pulumi's configuration: config values in, a checked spec and its secrets out."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

import pulumi
from pulumi.runtime import config as runtime_config

from components.cluster.existing import read_kubeconfig
from components.loaders.agent.publickey import parse_public_key
from stacks.errors import ConfigError, Problem, shown
from stacks.parse import SECTIONS, Unparsed, choose, did_you_mean, parse
from stacks.rules.every import check, judge
from stacks.spec.cluster import ExistingCluster, KubeconfigFromFile, RehearsalCluster
from stacks.spec.secrets import secret_keys
from stacks.spec.stack import StackSpec

NAMESPACE: Final = "slipway"


@dataclass(frozen=True, kw_only=True, slots=True)
class StackInputs:
    """What a stack was given.

    Attributes:
        spec: the checked stack file.
        secrets: secret values by key name; they stay outputs.
        stand_ins: secret keys without a value that a rehearsal may make up.
    """

    spec: StackSpec
    secrets: Mapping[str, pulumi.Output[str]]
    stand_ins: tuple[str, ...]


def read() -> StackInputs:
    """Read and check the whole configuration of the current stack.

    Raises:
        ConfigError: with every problem of the stack file at once.
    """
    stack, values = pulumi.get_stack(), _own_values()
    sections, problems = _sections(values)
    problems += _misspelt_namespaces()
    if any(_is_secret(key) for key in sections):  # the rest of the report would show values of it
        raise ConfigError(stack, problems)
    parsed = parse(sections)
    if isinstance(parsed, Unparsed):
        # A section of a wrong form is left out above, which is no second problem.
        told = {problem.path for problem in problems}
        problems += [problem for problem in judge(sections, parsed) if problem.path not in told]
        raise ConfigError(stack, [*problems, *_unused(values, _likely_secret_keys(sections), sure=False)])
    named = dict(secret_keys(parsed))
    problems += [*check(parsed), *_unused(values, set(named.values())), *_wrong_secrets(parsed, named, values)]
    problems += [*_unreadable(parsed), *_unusable_keys(parsed, {problem.path for problem in problems})]
    if problems:
        raise ConfigError(stack, problems)
    config = pulumi.Config(NAMESPACE)
    present = {key: config.require_secret(key) for key in sorted(set(named.values())) if key in values}
    return StackInputs(spec=parsed, secrets=present, stand_ins=tuple(sorted(set(named.values()) - set(present))))


def _own_values() -> dict[str, str]:
    """Return every config value of our namespace by its short key, encrypted ones decrypted."""
    everything: dict[str, Any] = {**pulumi.runtime.get_config_env(), **runtime_config.CONFIG.get()}
    prefix = f"{NAMESPACE}:"
    return {key.removeprefix(prefix): str(value) for key, value in everything.items() if key.startswith(prefix)}


def _misspelt_namespaces() -> Iterator[Problem]:
    """Yield keys whose namespace is nearly ours: nothing would ever read them."""
    everything: dict[str, Any] = {**pulumi.runtime.get_config_env(), **runtime_config.CONFIG.get()}
    for key in sorted(everything):
        namespace, _, rest = key.partition(":")
        if namespace != NAMESPACE and did_you_mean(namespace, (NAMESPACE,)):
            fix = f"did you mean {NAMESPACE}:{rest}?"
            yield Problem(path=key, rule="no such namespace, so nothing reads this", fix=fix)


def _is_secret(key: str) -> bool:
    return pulumi.runtime.is_config_secret(f"{NAMESPACE}:{key}")


def _sections(values: Mapping[str, str]) -> tuple[dict[str, Any], list[Problem]]:
    """Return the structured sections, and what is wrong with their outer form."""
    sections: dict[str, Any] = {}
    problems: list[Problem] = []
    for key in SECTIONS:
        if key not in values:
            continue
        path = f"{NAMESPACE}:{key}"
        if _is_secret(key):
            rule = "a section is not encrypted: it names secret keys and never holds a value"
            problems.append(Problem(path=path, rule=rule, fix="write the section in plain YAML, set its secrets apart"))
        try:
            sections[key] = json.loads(values[key])
        except ValueError:
            fix = "write it as YAML below the key, for instance `slipway:cluster: {type: rehearsal}`"
            problems.append(Problem(path=path, rule="a section is structured, not text", fix=fix))
    return sections, problems


def _likely_secret_keys(sections: Mapping[str, Any]) -> set[str]:
    """Return the secret keys a stack file names when there is no spec to ask: those of ``…Key``, and the defaults."""
    named = {"registryUsername", "registryPassword"} if "registry" in sections else set[str]()
    left: list[Any] = list(sections.values())
    while left:
        item = left.pop()
        if isinstance(item, list):
            left += cast("list[Any]", item)
        elif isinstance(item, dict):
            entries = cast("dict[str, Any]", item)
            left += entries.values()
            named |= {value for key, value in entries.items() if key.lower().endswith("key") and isinstance(value, str)}
    return named


def _unused(values: Mapping[str, str], named: set[str], *, sure: bool = True) -> Iterator[Problem]:
    """Yield keys nothing reads; when not sure what is named, encrypted keys get the benefit of the doubt."""
    for key in sorted(set(values) - set(SECTIONS)):
        if key in named:
            if not sure and not _is_secret(key):
                yield _plain_text(f"{NAMESPACE}:{key}", key)
            continue
        if not sure and _is_secret(key):
            continue
        fix = f"{choose(key, SECTIONS)}. A secret is named by a section, for instance registry.passwordKey: {key}"
        if _is_secret(key):
            fix = f"name it in a section, for instance registry.passwordKey, or remove it: pulumi config rm {key}"
        yield Problem(path=f"{NAMESPACE}:{key}", rule="no section reads this key", fix=fix)


def _unreadable(spec: StackSpec) -> Iterator[Problem]:
    """Yield a kubeconfig file that cannot be read; it is looked at here so that it stands in the one report."""
    if isinstance(spec.cluster, ExistingCluster) and isinstance(spec.cluster.kubeconfig, KubeconfigFromFile):
        try:
            read_kubeconfig(spec.cluster.kubeconfig)
        except ValueError as error:
            fix = "correct the path, or keep the contents in a secret key (kubeconfig.type key)"
            path = spec.cluster.kubeconfig.path
            yield Problem(path="slipway:cluster.kubeconfig.path", value=shown(path), rule=str(error), fix=fix)


def _unusable_keys(spec: StackSpec, told: set[str]) -> Iterator[Problem]:
    """Yield public keys the loader could not use, by its own parser; those in which rules found something are left."""
    for index, model in enumerate(spec.models):
        for number, text in enumerate(model.signature.public_keys if model.signature else ()):
            path = f"{NAMESPACE}:models[{index}].signature.publicKeys[{number}]"
            try:
                parse_public_key(text.encode())
            except ValueError as error:
                if path not in told:
                    fix = "give the public half of a key on P-256, P-384 or P-521: openssl pkey -in key.pem -pubout"
                    yield Problem(path=path, rule=f"no key that signatures can be checked with: {error}", fix=fix)


def _plain_text(path: str, key: str) -> Problem:
    fix = f"pulumi config set --secret {NAMESPACE}:{key} (then change the secret: it was readable)"
    return Problem(path=path, rule=f"the value of {NAMESPACE}:{key} is plain text", fix=fix)


def _wrong_secrets(spec: StackSpec, named: Mapping[str, str], values: Mapping[str, str]) -> Iterator[Problem]:
    """Yield secret keys that are missing or stand in the stack file as plain text."""
    for path, key in named.items():
        set_it = f"pulumi config set --secret {NAMESPACE}:{key}"
        if key in SECTIONS:
            yield Problem(path=path, rule=f"{key} is a section, not a secret", fix="choose another key name")
        elif key in values and not _is_secret(key):
            yield _plain_text(path, key)
        elif key not in values and not isinstance(spec.cluster, RehearsalCluster):
            yield Problem(path=path, rule=f"the secret {NAMESPACE}:{key} is not set", fix=set_it)
