"""A client's settings and the library's defaults."""

import pytest

from brokerlint.link.behaviour.configuration import defaults, in_range, is_placeholder, normal
from brokerlint.link.behaviour.versions import pins
from brokerlint.models.load import builtin


def library(name):
    return next(one for one in builtin() if one.name == name)


class TestSettings:
    def test_of_confluent_kafka(self, endpoints):
        code = """
        import os
        from confluent_kafka import Consumer
        BASE = {"bootstrap.servers": os.environ["BROKERS"]}
        c = Consumer({**BASE, "group.id": "g", "enable.auto.commit": "false", "auto.offset.reset": "smallest"})
        c.subscribe(["orders"])
        """
        (one,) = endpoints(code)
        assert one.config["auto_commit"] == {"value": False, "origin": "literal"}
        assert one.config["offset_reset"]["value"] == "earliest"
        assert one.config["bootstrap"]["env"] == "BROKERS"
        assert one.config["auto_store"] == {"value": True, "origin": "library-default"}
        assert one.facts["config_complete"] is True

    @pytest.mark.parametrize(
        ("given", "known"),
        [
            ('["one:9092", "two:9092"]', "one:9092,two:9092"),
            ('["one:9092", os.environ["SECOND"]]', "one:9092,*"),
            ('["one:9092"]', "one:9092"),
            ('"one:9092,two:9092"', "one:9092,two:9092"),
        ],
    )
    def test_every_broker_of_a_list(self, given, known, endpoints):
        head = "import os\nfrom kafka import KafkaConsumer\n"
        code = f"{head}c = KafkaConsumer('t', bootstrap_servers={given})\nc.poll()\n"
        (one,) = endpoints(code)
        assert one.config["bootstrap"]["value"] == known

    def test_of_kafka_python_with_a_pinned_version(self, endpoints):
        code = 'from kafka import KafkaProducer\np = KafkaProducer(bootstrap_servers="b:9092")\np.send("t", b"x")\n'
        (one,) = endpoints(code, "produce", requirements_DOT_txt="kafka-python==2.0.2\n")
        assert one.facts["library_version"] == "2.0.2"
        assert one.config["acks"] == {"value": 1, "origin": "library-default"}

    def test_a_default_that_changed_needs_a_version(self, endpoints):
        code = 'from kafka import KafkaProducer\np = KafkaProducer(bootstrap_servers="b:9092")\np.send("t", b"x")\n'
        (one,) = endpoints(code, "produce")
        assert "acks" not in one.config
        assert "library_version" not in one.facts

    def test_of_aiokafka(self, endpoints):
        code = (
            'from aiokafka import AIOKafkaConsumer\nc = AIOKafkaConsumer("t", group_id="g", enable_auto_commit=False)\n'
        )
        (one,) = endpoints(code)
        assert one.config["auto_commit"]["value"] is False
        assert one.config["isolation"] == {"value": "read_uncommitted", "origin": "library-default"}

    def test_nothing_is_a_default_where_unknown_keys_may_hide(self, endpoints):
        code = (
            'from aiokafka import AIOKafkaConsumer\ndef make(options):\n    return AIOKafkaConsumer("t", **options)\n'
        )
        (one,) = endpoints(code)
        assert one.facts["config_complete"] is False
        assert one.config == {}

    def test_a_share_consumer_has_no_auto_commit(self, endpoints):
        code = 'from confluent_kafka import ShareConsumer\nc = ShareConsumer({"group.id": "g"})\nc.subscribe(["t"])\n'
        (one,) = endpoints(code)
        assert {"auto_commit", "offset_reset", "isolation"}.isdisjoint(one.config)

    def test_callables(self, endpoints):
        code = (
            "import pickle\nfrom kafka import KafkaConsumer\n"
            'c = KafkaConsumer("t", value_deserializer=lambda v: pickle.loads(v))\n'
        )
        (one,) = endpoints(code)
        assert one.config["value_deserializer"]["value"] == "pickle.loads"

    def test_a_secret_is_never_kept(self, endpoints):
        code = (
            "from kafka import KafkaProducer\n"
            'p = KafkaProducer(sasl_plain_password="hunter-2-and-more")\np.send("t", b"x")\n'
        )
        (one,) = endpoints(code, "produce")
        assert one.config["sasl_password"]["value"] is None
        assert "hunter" not in repr(one)
        assert [found["key"] for found in one.facts["credentials"]] == ["sasl_password"]

    def test_a_secret_from_outside_is_none(self, endpoints):
        code = (
            "import os\nfrom kafka import KafkaProducer\n"
            'p = KafkaProducer(sasl_plain_password=os.environ["PW"])\np.send("t", b"x")\n'
        )
        (one,) = endpoints(code, "produce")
        assert one.facts["credentials"] == []
        assert one.config["sasl_password"]["env"] == "PW"


class TestAwsClients:
    CODE = (
        'import boto3\nfrom botocore.config import Config\ns = boto3.client("sqs"{more})\n'
        's.send_message(QueueUrl="https://sqs.eu-west-1.amazonaws.com/123456789012/q", MessageBody="x")\n'
    )

    @pytest.mark.parametrize(
        ("more", "timeout"),
        [("", None), (", config=Config(read_timeout=5)", 5), (", config=Config(retries={})", None)],
    )
    def test_read_timeouts(self, more, timeout, facts):
        assert facts(self.CODE.format(more=more), "produce")["client_read_timeout"] == timeout

    def test_an_unknown_timeout(self, facts):
        assert "client_read_timeout" not in facts(self.CODE.format(more=", config=make()"), "produce")

    def test_keys_in_the_code(self, facts):
        found = facts(self.CODE.format(more=', aws_secret_access_key="wJalrXUtnFEMIbPxRfiCY"'), "produce")
        assert [one["key"] for one in found["credentials"]] == ["aws_secret_access_key"]

    def test_unverified_certificates(self, endpoints):
        (one,) = endpoints(self.CODE.format(more=", verify=False"), "produce")
        assert one.config["verify_tls"] == {"value": False, "origin": "literal"}


class TestDefaults:
    @pytest.mark.parametrize(("version", "acks"), [("1.4.7", 1), ("2.2.3", 1), ("3.0.1", "all")])
    def test_by_version(self, version, acks):
        assert defaults(library("kafka-python"), version)["acks"] == acks

    def test_of_the_other_libraries(self):
        assert defaults(library("confluent-kafka"), "")["auto_commit_background"] is True
        assert defaults(library("aiokafka"), "0.10")["acks"] == 1

    @pytest.mark.parametrize(
        ("version", "spec", "holds"),
        [
            ("2.1", ">=2.1,<3", True),
            ("3.0.0", ">=2.1,<3", False),
            ("2.0.2", "<2.1", True),
            ("2.1.0rc1", ">=2.1", True),
            ("1", "odd", False),
        ],
    )
    def test_ranges(self, version, spec, holds):
        assert in_range(version, spec) is holds


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("acks", "-1", "all"),
        ("acks", -1, "all"),
        ("acks", "1", 1),
        ("acks", "all", "all"),
        ("auto_commit", "True", True),
        ("offset_reset", "largest", "latest"),
        ("max_poll_interval", "600000", 600000),
        ("group", "42", "42"),
        ("security", "SSL", "SSL"),
    ],
)
def test_one_spelling(name, value, expected):
    assert normal(name, value) == expected


def test_placeholders():
    assert all(is_placeholder(text) for text in ("", "changeme", "my-password", "${PASSWORD}", "<secret>"))
    assert not is_placeholder("hunter-2-and-more")


class TestPins:
    WANTED = frozenset({"kafka-python", "boto3"})

    @pytest.mark.parametrize(
        ("path", "text", "version"),
        [
            ("requirements.txt", "kafka_python == 2.0.2 ; python_version > '3'\n", "2.0.2"),
            ("requirements/base.txt", "Kafka-Python[crc32c]~=2.0.1\n", "2.0.1"),
            ("poetry.lock", '[[package]]\nname = "kafka-python"\nversion = "2.2.0"\n', "2.2.0"),
            ("Pipfile.lock", '{"default": {"kafka-python": {"version": "==1.4.7"}}}', "1.4.7"),
            ("pyproject.toml", '[project]\ndependencies = ["kafka-python==3.0.0"]\n', "3.0.0"),
            ("pyproject.toml", '[tool.poetry.dependencies]\nkafka-python = "2.0.2"\n', "2.0.2"),
        ],
    )
    def test_of_each_kind_of_file(self, path, text, version):
        assert pins(path, text.encode(), self.WANTED) == {"kafka-python": version}

    @pytest.mark.parametrize(
        ("path", "text"),
        [
            ("requirements.txt", "kafka-python>=2\nother==1.0\n"),
            ("poetry.lock", "kafka-python [["),
            ("Pipfile.lock", '["kafka-python"]'),
            ("pyproject.toml", '[tool.poetry.dependencies]\nkafka-python = "^2.0"\n'),
            ("requirements.txt", "\x00\xff"),
        ],
    )
    def test_ranges_and_broken_files_tell_nothing(self, path, text):
        assert pins(path, text.encode("latin-1"), self.WANTED) == {}

    def test_the_nearest_file_counts(self, endpoints):
        code = 'from kafka import KafkaProducer\np = KafkaProducer()\np.send("t", b"x")\n'
        found = endpoints(
            "",
            "produce",
            a__app_DOT_py=code,
            a__requirements_DOT_txt="kafka-python==1.4.7\n",
            requirements_DOT_txt="kafka-python==3.0.0\n",
        )
        assert [one.facts["library_version"] for one in found] == ["1.4.7"]
