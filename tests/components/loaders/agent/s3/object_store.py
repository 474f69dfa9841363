"""A real moto server on loopback, filled through boto3, with signatures and permissions checked when told to."""

import hashlib
import importlib
import io
import json
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from moto import settings
from moto.server import ThreadedMotoServer

boto3: Any = importlib.import_module("boto3")  # ships no types

REGION: Final = "eu-central-1"


class MotoStore:
    """One bucket of a server, private unless opened.

    Args:
        server: has been started.

    Attributes:
        bucket: name.
        port: where the server listens.
    """

    def __init__(self, server: ThreadedMotoServer) -> None:
        self.port = server.get_host_and_port()[1]
        self._clients: dict[str, Any] = {}
        self.bucket = f"models-{uuid.uuid4().hex[:8]}-1250000000"  # as COS names its buckets
        self.client("s3").create_bucket(Bucket=self.bucket, CreateBucketConfiguration={"LocationConstraint": REGION})

    @property
    def endpoint(self) -> str:
        """Address of the server."""
        return f"http://127.0.0.1:{self.port}"

    def client(self, service: str) -> Any:  # noqa: ANN401  # boto3 makes its clients' types at run time
        """Return boto3's client of a service."""
        keys = {"aws_access_key_id": "AKIAUNCHECKED", "aws_secret_access_key": "unchecked"}
        if service not in self._clients:
            self._clients[service] = boto3.client(service, endpoint_url=self.endpoint, region_name=REGION, **keys)
        return self._clients[service]

    def put(self, key: str, data: bytes) -> None:
        """Upload one object."""
        self.client("s3").put_object(Bucket=self.bucket, Key=key, Body=data)

    def put_in_parts(self, key: str, data: bytes, part_bytes: int) -> None:
        """Upload one object in parts, as large files are; its ETag is then no digest of anything simple."""
        client = self.client("s3")
        where = {"Bucket": self.bucket, "Key": key}
        upload = client.create_multipart_upload(**where)["UploadId"]
        parts: list[dict[str, object]] = []
        for number, start in enumerate(range(0, len(data), part_bytes), 1):
            body = io.BytesIO(data[start : start + part_bytes])
            done = client.upload_part(**where, UploadId=upload, PartNumber=number, Body=body)
            parts.append({"ETag": done["ETag"], "PartNumber": number})
        client.complete_multipart_upload(**where, UploadId=upload, MultipartUpload={"Parts": parts})

    def push(self, prefix: str, files: Mapping[str, bytes]) -> str:
        """Upload files and, last, their list; return the reference that pins it."""
        for name, data in files.items():
            self.put(f"{prefix}/{name}", data)
        return self.push_list(prefix, files)

    def push_list(self, prefix: str, files: Mapping[str, bytes]) -> str:
        """Upload the list alone; return the reference that pins it."""
        listed = file_list(files)
        self.put(f"{prefix}/SHA256SUMS", listed)
        return f"s3://{self.bucket}/{prefix}@sha256:{hashlib.sha256(listed).hexdigest()}"

    def open_to_all(self) -> None:
        """Let anyone read objects, by a bucket policy."""
        statement = {
            "Effect": "Allow",
            "Principal": "*",
            "Action": "s3:GetObject",
            "Resource": f"arn:aws:s3:::{self.bucket}/*",
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self.client("s3").put_bucket_policy(Bucket=self.bucket, Policy=policy)

    def user(self, actions: Sequence[str] = ("s3:GetObject", "s3:ListBucket", "s3:HeadObject")) -> tuple[str, str]:
        """Make a user who may do some things with everything; return key id and secret."""
        iam, name = self.client("iam"), f"user-{uuid.uuid4().hex[:8]}"
        iam.create_user(UserName=name)
        iam.put_user_policy(UserName=name, PolicyName="read", PolicyDocument=_policy(actions))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return key["AccessKeyId"], key["SecretAccessKey"]

    def session(self) -> tuple[str, str, str]:
        """Assume a role that may read; return key id, secret and session token."""
        iam = self.client("iam")
        name = f"role-{uuid.uuid4().hex[:8]}"
        trust = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]
        iam.put_role_policy(RoleName=name, PolicyName="read", PolicyDocument=_policy(["s3:*"]))
        made = self.client("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="test")["Credentials"]
        return made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"]

    @staticmethod
    def check_signatures(*, on: bool) -> None:
        """Have the server check every signature and permission from now on, or none."""
        settings.INITIAL_NO_AUTH_ACTION_COUNT = 0 if on else float("inf")


def _policy(actions: Sequence[str]) -> str:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def file_list(files: Mapping[str, bytes]) -> bytes:
    """Return the list as ``sha256sum`` prints it."""
    return b"".join(f"{hashlib.sha256(data).hexdigest()}  {name}\n".encode() for name, data in files.items())


def write_keys(path: Path, key_id: str, secret: str, token: str = "") -> None:
    """Write a credentials file."""
    lines = ["[default]", f"aws_access_key_id = {key_id}", f"aws_secret_access_key = {secret}"]
    path.write_text("\n".join([*lines, *([f"aws_session_token = {token}"] if token else [])]) + "\n")
