"""How code is entered, and where clients are made."""

import pytest

SEND = 'sqs.send_message(QueueUrl="https://sqs.eu-west-1.amazonaws.com/123456789012/q", MessageBody="x")'


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("@app.route('/x')\ndef f():\n    SEND", "http"),
        ("@router.post('/x')\nasync def f():\n    g()\ndef g():\n    SEND", "http"),
        ("class V(APIView):\n    def post(self, request):\n        SEND", "http"),
        ("def handler(event, context):\n    SEND", "lambda-handler"),
        ("@click.command()\ndef f():\n    SEND", "cli"),
        ("class Command(BaseCommand):\n    def handle(self, *args, **options):\n        SEND", "cli"),
        ("@scheduler.scheduled_job('cron')\ndef f():\n    SEND", "cron"),
        ("def f():\n    SEND", None),
    ],
)
def test_of_a_send(code, kind, facts):
    head = (
        "import boto3, click\nfrom flask import Flask\n"
        "from fastapi import APIRouter\nfrom rest_framework.views import APIView\n"
        "from django.core.management.base import BaseCommand\n"
        "app, router = Flask(''), APIRouter()\nsqs = boto3.client('sqs')\n"
    )
    assert facts(head + code.replace("SEND", SEND) + "\n", "produce").get("entry_kind") == kind


@pytest.mark.parametrize(
    ("code", "scope"),
    [
        ("p = Producer({})\ndef f(v):\n    p.produce('t', v)", "module"),
        (
            (
                "class B:\n    def __init__(self):\n        self.p = Producer({})\n"
                "    def f(self, v):\n        self.p.produce('t', v)"
            ),
            "init",
        ),
        ("def f(v):\n    p = Producer({})\n    p.produce('t', v)", "function"),
        ("def f(vs):\n    for v in vs:\n        p = Producer({})\n        p.produce('t', v)", "loop"),
        ("@app.post('/x')\ndef f(v):\n    p = Producer({})\n    p.produce('t', v)", "handler"),
        ("@lru_cache\ndef make():\n    return Producer({})\ndef f(v):\n    make().produce('t', v)", "module"),
        (
            (
                "p = None\ndef make():\n    global p\n    if p is None:\n"
                "        p = Producer({})\n    return p\ndef f(v):\n    make().produce('t', v)"
            ),
            "module",
        ),
        ("def make():\n    return Producer({})\np = make()\ndef f(v):\n    p.produce('t', v)", "module"),
        ("def make():\n    p = Producer({})\n    return p\nq = make()\ndef f(v):\n    q.produce('t', v)", "module"),
        (
            (
                "def make():\n    p = Producer({})\n    return p\nclass B:\n    def __init__(self):\n"
                "        self.p = make()\n    def f(self, v):\n        self.p.produce('t', v)"
            ),
            "init",
        ),
        ("def make():\n    p = Producer({})\n    return p\ndef f(v):\n    make().produce('t', v)", "function"),
    ],
)
def test_where_a_client_is_made(code, scope, facts):
    head = (
        "from functools import lru_cache\nfrom confluent_kafka import Producer\n"
        "from flask import Flask\napp = Flask('')\n"
    )
    assert facts(head + code + "\n", "produce")["client_scope"] == scope


def test_where_an_aws_client_is_made(facts):
    code = f"import boto3\ndef handler(event, context):\n    sqs = boto3.client('sqs')\n    {SEND}\n"
    assert facts(code, "produce")["client_scope"] == "handler"
