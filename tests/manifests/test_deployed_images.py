"""Images that a template deploys: the Dockerfile tells the program, the template the name and the variables."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from brokerlint.manifests.facts import ManifestFacts, Reference, ServiceFact

Reader = Callable[[Mapping[str, str]], ManifestFacts]

DOCKERFILE = """\
FROM public.ecr.aws/lambda/python:3.12
COPY ./invoicing/src .
CMD ["handlers.on_order"]
"""
QUEUE = 'resource "aws_sqs_queue" "orders" { name = "orders" }\n'
MAPPING = """\
resource "aws_lambda_event_source_mapping" "m" {
  event_source_arn = aws_sqs_queue.orders.arn
  function_name    = aws_lambda_function.biller.arn
}
"""


def function(image: str) -> str:
    return (
        'resource "aws_lambda_function" "biller" {\n  function_name = "biller"\n  package_type = "Image"\n'
        f"  image_uri = {image}\n"
        "  environment { variables = { QUEUE_URL = aws_sqs_queue.orders.url } }\n}\n"
    )


def read(facts_of: Reader, image: str, more: str = "") -> ManifestFacts:
    return facts_of({
        "lambdas/invoicing/Dockerfile": DOCKERFILE, "lambdas/invoicing/src/handlers.py": "",
        "lambdas/audit/Dockerfile": DOCKERFILE.replace("invoicing", "audit"), "lambdas/audit/src/handlers.py": "",
        "infra/main.tf": QUEUE + MAPPING + function(image) + more,
    })  # fmt: skip


def biller(facts: ManifestFacts) -> ServiceFact:
    return next(one for one in facts.services if one.name == "biller")


@pytest.mark.parametrize(
    ("image", "more"),
    [
        ('"1111.dkr.ecr.eu-west-1.amazonaws.com/invoicing:latest"', ""),
        ("var.invoicing_image_uri", 'variable "invoicing_image_uri" { type = string }\n'),
        ("var.invoicing_image_uri", 'variable "invoicing_image_uri" { default = "" }\n'),
        ('"${aws_ecr_repository.invoicing.repository_url}:${var.tag}"', 'variable "tag" {}\n'),
    ],
)
def test_a_function_runs_what_the_dockerfile_of_its_image_starts(facts_of: Reader, image: str, more: str) -> None:
    facts = read(facts_of, image, more)
    found = biller(facts)
    assert (found.handler, found.roots) == ("handlers.on_order", ("lambdas/invoicing/src",))
    assert found.environment["QUEUE_URL"].value == Reference("infra#aws_sqs_queue.orders", "url")
    assert sorted(one.name for one in facts.services) == ["audit", "biller"], "the image is no second service"


def test_an_image_that_no_dockerfile_is_called_like_stays_unknown(facts_of: Reader) -> None:
    facts = read(facts_of, '"1111.dkr.ecr.eu-west-1.amazonaws.com/shop:latest"')
    assert biller(facts).handler == ""
    assert sorted(one.name for one in facts.services) == ["audit", "biller", "invoicing"]


def test_the_command_of_the_template_is_the_handler(facts_of: Reader) -> None:
    override = function('"acme/invoicing"').replace(
        "  environment {", '  image_config { command = ["handlers.on_refund"] }\n  environment {'
    )
    facts = facts_of({
        "invoicing/Dockerfile": DOCKERFILE, "invoicing/src/handlers.py": "", "infra/main.tf": QUEUE + override,
    })  # fmt: skip
    assert biller(facts).handler == "handlers.on_refund"
