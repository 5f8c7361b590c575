"""Make a bucket on an S3-compatible server, or find it made: bucket.py ENDPOINT BUCKET KEY SECRET."""

from __future__ import annotations

import hashlib
import hmac
import sys
import urllib.error
import urllib.parse
import urllib.request
from datetime import UTC, datetime

REGION = "us-east-1"


def _keyed(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def signed_put(endpoint: str, path: str, key: str, secret: str) -> urllib.request.Request:
    """A PUT without content, signed by AWS Signature Version 4."""
    host = urllib.parse.urlsplit(endpoint).netloc
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    digest = hashlib.sha256(b"").hexdigest()
    signed = "host;x-amz-content-sha256;x-amz-date"
    fields = f"host:{host}\nx-amz-content-sha256:{digest}\nx-amz-date:{moment}\n"
    request = f"PUT\n{path}\n\n{fields}\n{signed}\n{digest}"
    scope = f"{moment[:8]}/{REGION}/s3/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    derived = ("AWS4" + secret).encode()
    for part in (moment[:8], REGION, "s3", "aws4_request"):
        derived = _keyed(derived, part)
    signature = hmac.new(derived, text.encode(), hashlib.sha256).hexdigest()
    authority = f"Credential={key}/{scope}, SignedHeaders={signed}, Signature={signature}"
    headers = {
        "x-amz-content-sha256": digest,
        "x-amz-date": moment,
        "Authorization": f"AWS4-HMAC-SHA256 {authority}",
    }
    return urllib.request.Request(endpoint + path, data=b"", headers=headers, method="PUT")


def main(endpoint: str, bucket: str, key: str, secret: str) -> int:
    """0 where the bucket is there afterwards."""
    try:
        with urllib.request.urlopen(signed_put(endpoint, f"/{bucket}", key, secret), timeout=10) as answer:
            return 0 if answer.status == 200 else 1
    except urllib.error.HTTPError as error:
        text = error.read().decode("utf-8", "replace")
        if error.code == 409 and "BucketAlready" in text:
            return 0
        print(f"{error.code}: {text}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:5]))
