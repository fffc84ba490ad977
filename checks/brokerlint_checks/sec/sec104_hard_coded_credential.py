"""SEC104 hard-coded-credential."""

from __future__ import annotations

from collections.abc import Iterator

from brokerlint.checking import Check, Confidence, Example, Finding, Severity
from brokerlint.topology import Topology, signals
from brokerlint.topology.uses import code_name


class HardCodedCredential(Check):
    """A broker's password or an AWS key is written in the code.

    ## What it finds
    Literals for SASL passwords, secret access keys, and keys in broker URLs that are no placeholders. The value itself
    is neither kept nor shown.

    ## Why it is bad
    Everybody who can read the repository, and its whole history, can use it.

    ## When it is fine
    The value comes from the environment or a secret store, or it is a well-known dummy for local use.
    """

    id, name = "SEC104", "hard-coded-credential"
    severity, confidence = Severity.ERROR, Confidence.HIGH
    profiles = frozenset({"strict"})
    needs = "code"
    sources = ("https://owasp.org/www-community/vulnerabilities/Use_of_hard-coded_password",)

    def find(self, topology: Topology) -> Iterator[Finding]:
        """Every secret in the code, once."""
        told = set()
        for endpoint in topology.endpoints():
            for secret in endpoint.facts.get("credentials") or ():
                for place in signals.said([secret], "a secret is written here"):
                    if (place.path, place.line) in told:
                        continue
                    told.add((place.path, place.line))
                    message = f"{secret.get('key', 'a secret')} of {code_name(endpoint)} is written in the code"
                    finding = self.finding(message).at(place).at(endpoint).variety(str(secret.get("key")))
                    yield finding.checked("placeholder or local dummy: no").advise("read it from a secret store")


_CLIENT = """
    import os
    from confluent_kafka import Producer

    producer = Producer({
        "bootstrap.servers": "broker.example.org:9094",
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": "shop",
        "sasl.password": SECRET,
    })

    def publish(event):
        producer.produce("events", event)
        producer.poll(0)
    """
_AWS = """
    import os
    import boto3

    sqs = boto3.client("sqs", aws_access_key_id=os.environ["KEY"], aws_secret_access_key=SECRET)

    def send(body):
        sqs.send_message(QueueUrl="https://sqs.eu-west-1.amazonaws.com/123456789012/jobs", MessageBody=body)
    """
HardCodedCredential.bad = (
    Example({"app.py": _CLIENT.replace("SECRET", '"q7Lz0vB3xW9sT"')}, "a password"),
    Example({"jobs.py": _AWS.replace("SECRET", '"q7Lz0vB3xW9sTq7Lz0vB3xW9sTq7Lz0vB3xW9sT1"')}, "an AWS key"),
)
HardCodedCredential.good = (
    Example({"app.py": _CLIENT.replace("SECRET", 'os.environ["KAFKA_PASSWORD"]')}, "from the environment"),
    Example({"jobs.py": _AWS.replace("SECRET", '"test"')}, "a dummy of a local set-up"),
)
