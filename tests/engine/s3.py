"""A server that speaks S3, on loopback, with the files of a directory in the bucket `bucket`:
`python s3.py DIR`.

Prints its port, and runs until its standard input is closed. A process of its own: moto and boto warn a lot.
"""

from __future__ import annotations

import gzip
import sys
from pathlib import Path

import boto3
from moto.server import ThreadedMotoServer


def main(root: Path) -> None:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    port = server.get_host_and_port()[1]
    client = boto3.client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{port}",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        region_name="us-east-1",
    )
    client.create_bucket(Bucket="bucket")
    for number, path in enumerate(sorted(p for p in root.rglob("*") if p.is_file())):
        key, data = f"logs/{path.relative_to(root).as_posix()}", path.read_bytes()
        if number % 2:  # half of them compressed
            key, data = f"{key}.gz", gzip.compress(data)
        client.put_object(Bucket="bucket", Key=key, Body=data)
    print(port, flush=True)
    sys.stdin.read()
    server.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
