"""Whatever /openapi.json allows to ask, and much that it does not, gets an answer that it describes.

Schemathesis makes the questions from the document: right ones, and wrong ones of each kind it can think of. Every
answer must have a status, a content type and a form that stand in the document; none may be a failure of ours.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Iterator

import httpx
import pytest
import requests
import schemathesis
from figures import FULL, tell, times
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import load_all_checks, not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from shop import basic
from two_shops import Two, two_shops

from etalage.api.described import openapi

load_all_checks()
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
SCHEMA = schemathesis.openapi.from_dict(json.loads(openapi()))
OPERATIONS = [made.ok() for made in SCHEMA.get_all_operations()]
KEYS = ("server", "write", "none")
RIGHT, WRONG = GenerationMode.POSITIVE, GenerationMode.NEGATIVE
CASES = times(300, 10_000)


def modes(operation: schemathesis.APIOperation) -> tuple[GenerationMode, ...]:
    """Give which questions there are: a text in a path is never wrong, only a body can be."""
    return (RIGHT, WRONG) if operation.body else (RIGHT,)


def has_choice(operation: schemathesis.APIOperation) -> bool:
    """Tell whether there is more than one way to ask."""
    return bool(operation.body) or "{" in operation.path


PARTS = sum(len(modes(one)) for one in OPERATIONS if has_choice(one)) * len(KEYS)
EACH = -(-CASES // PARTS)  # per operation, key, and right or wrong


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Two]:
    with asyncio.Runner() as running:
        both = two_shops(tmp_path_factory.mktemp("described") / "data", running)
        yield both
        both.ours.shop.close()
        both.theirs.shop.close()


def sent(case: Case, two: Two, key: str | None) -> httpx.Response:
    """Send a case as it would go over the wire, as somebody elsewhere."""
    wire = requests.Request(**case.as_transport_kwargs(base_url="http://e")).prepare()
    headers = {n: v.encode("latin-1", "replace") for n, v in wire.headers.items()}
    if key is not None:
        headers["Authorization"] = basic(f"{key}:").encode()
    body = wire.body.encode() if isinstance(wire.body, str) else wire.body
    method, address = str(wire.method), str(wire.url)

    async def asked() -> httpx.Response:
        transport = httpx.ASGITransport(app=two.front, client=("203.0.113.7", 1))
        async with httpx.AsyncClient(transport=transport) as client:
            return await client.request(method, address, content=body, headers=headers)

    return two.runner.run(asked())


@pytest.mark.slow
@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: f"{one.method} {one.path}")
def test_every_answer_is_one_that_the_description_has(
    operation: schemathesis.APIOperation, key: str, two: Two
) -> None:
    ours = two.ours.shop
    known = {"server": ours.server_key, "write": ours.write_key, "none": None}[key]
    statuses: Counter[int] = Counter()

    def answered(case: Case) -> None:
        if "write_key" in case.path_parameters and key == "write":
            case.path_parameters["write_key"] = ours.write_key
        reply = sent(case, two, known)
        case.validate_response(reply, checks=CHECKS)
        statuses[reply.status_code] += 1

    for mode in modes(operation):
        _hold(answered, operation, mode)
    tell(
        "Every answer to what the description allows, and to what it does not, is one it describes",
        "failures 0, undescribed 0",
        cases=statuses.total(),
        failures=0,
        undescribed=0,
    )
    assert statuses


def test_an_answer_that_the_description_does_not_have_is_found(two: Two) -> None:
    document = json.loads(openapi())
    said = document["paths"]["/v1/profiles/{id}"]["get"]["responses"]
    del said["404"], said["400"]
    operation = schemathesis.openapi.from_dict(document)["/v1/profiles/{id}"]["GET"]

    def answered(case: Case) -> None:
        reply = sent(case, two, two.ours.shop.server_key)
        case.validate_response(reply, checks=CHECKS)

    with pytest.raises(FailureGroup, match="Undocumented status code"):
        _hold(answered, operation, RIGHT)


def _hold(
    answered: Callable[[Case], None], operation: schemathesis.APIOperation, mode: GenerationMode
) -> None:
    """Try so many cases, the same ones each time."""

    @seed(20_260_101)
    @settings(
        max_examples=EACH,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink) if FULL else (Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def held(case: Case) -> None:
        answered(case)

    held()
