"""What a handler does to the world."""

import pytest

from brokerlint.link.behaviour.effects import class_of_path, is_harmless, is_write


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("requests.post", "http"),
        ("requests.Session().post", "http"),
        ("requests.Session", ""),
        ("requests.post().json", ""),
        ("requests.post().headers.get", ""),
        ("httpx.AsyncClient().get", "http"),
        ("smtplib.SMTP().send_message", "email"),
        ("django.core.mail.send_mail", "email"),
        ("boto3.client(ses).send_email", "email"),
        ("sqlalchemy.orm.sessionmaker()().add", "db"),
        ("sqlalchemy.create_engine", ""),
        ("psycopg2.connect().cursor().execute", "db"),
        ("boto3.resource(dynamodb).Table().put_item", "db"),
        ("boto3.client(s3).put_object", "aws"),
        ("boto3.client(s3).get_object().get", ""),
        ("boto3.client", ""),
        ("subprocess.run", "subprocess"),
        ("torch.load", "ml"),
        ("shutil.copy", "fs"),
        ("json.loads", ""),
        ("", ""),
    ],
)
def test_classes_of_import_paths(path, kind):
    assert class_of_path(path) == kind


def test_some_calls_may_get_a_whole_message():
    assert is_harmless("json.dumps")
    assert is_harmless("logging.getLogger().info")
    assert not is_harmless("helper.process")
    assert not is_harmless("")


def test_reading_a_database_is_no_write():
    assert is_write("execute")
    assert is_write("bulk_create")
    assert not is_write("filter")


SQS = """
import boto3, json, os, requests, smtplib, subprocess
from sqlalchemy.orm import Session, sessionmaker
from django.db import models
queue = boto3.resource("sqs").Queue("https://sqs.eu-west-1.amazonaws.com/123456789012/q")
http = requests.Session()
Make = sessionmaker()
class Order(models.Model):
    pass
class Mailer:
    def __init__(self):
        self.smtp = smtplib.SMTP("mail")
    def send(self, text):
        self.smtp.sendmail("a", "b", text)
mailer = Mailer()
def run(session: Session):
    while True:
        for m in queue.receive_messages():
            {work}
"""
KAFKA = """
import json, requests
from kafka import KafkaConsumer, KafkaProducer
producer = KafkaProducer()
for m in KafkaConsumer("orders", group_id="g"):
    {work}
"""


def classes(found):
    return sorted({one["class"] for one in found["effects"]})


@pytest.mark.parametrize(
    ("work", "expected"),
    [
        ("http.post('http://x', data=m.body)", ["http"]),
        ("mailer.send(m.body)", ["email"]),
        ("session.add(json.loads(m.body))", ["db"]),
        ("with Make() as s:\n                s.add(m.body)", ["db"]),
        ("Order.objects.create(body=m.body)", ["db"]),
        ("Order(body=m.body).save()", ["db"]),
        ("boto3.client('s3').put_object(Bucket='b', Key='k', Body=m.body)", ["aws"]),
        ("subprocess.run(['x', m.body])", ["subprocess"]),
        ("open('f', 'w').write(m.body)", ["fs"]),
        ("open('f').read()", []),
        ("print(json.loads(m.body))", []),
    ],
)
def test_of_a_queue_worker(work, expected, facts):
    assert classes(facts(SQS.format(work=work))) == expected


def test_of_a_topic_consumer(facts):
    assert classes(facts(KAFKA.format(work="requests.get('http://x')"))) == ["http"]
    found = facts(KAFKA.format(work="producer.send('next', m.value)"))
    assert [(one["class"], one["place"].line) for one in found["effects"]] == [("produce", 6)]
    assert classes(facts(KAFKA.format(work="print(m)"))) == []


def test_unknown_where_the_message_goes_to_code_that_is_not_there(facts):
    assert "effects" not in facts(
        KAFKA.format(work="helper.work(m.value)").replace("import json", "import helper, json")
    )


def test_of_an_api_handler_that_sends(facts):
    code = """
    import boto3
    from flask import Flask
    app = Flask(__name__)
    sqs = boto3.client("sqs")
    @app.post("/orders")
    def place():
        boto3.client("s3").put_object(Bucket="b", Key="k", Body="x")
        sqs.send_message(QueueUrl="https://sqs.eu-west-1.amazonaws.com/123456789012/q", MessageBody="x")
    """
    found = facts(code, "produce")
    assert classes(found) == ["aws", "produce"]
    assert found["entry_kind"] == "http"


@pytest.mark.parametrize(
    ("head", "work"),
    [
        ("from extensions import db", "db.session.add(m.value)"),
        ("import extensions", "extensions.db.session.add(m.value)"),
        ("from extensions import session_of", "session_of().add(m.value)"),
    ],
)
def test_of_objects_that_another_module_makes(head, work, facts):
    extensions = """
    from flask_sqlalchemy import SQLAlchemy
    db = SQLAlchemy()
    def session_of():
        return db.session
    """
    code = KAFKA.format(work=work).replace("import json", head + "\nimport json")
    assert classes(facts(code, extensions_DOT_py=extensions)) == ["db"]
