"""Verifies an access token as an app in another language would: PyJWT with the keys of the key set, nothing of ours.

verify_jwt.py KEY_SET_URL ISSUER AUDIENCE ALGORITHM < TOKEN
prints {"claims": {…}} or {"refused": "why"}.
"""
import json
import sys
import urllib.request

import jwt

url, issuer, audience, algorithm = sys.argv[1:5]
token = sys.stdin.read().strip()
with urllib.request.urlopen(url) as answer:
    keys = jwt.PyJWKSet.from_dict(json.load(answer))
try:
    header = jwt.get_unverified_header(token)
    if header.get("typ") != "at+jwt":
        raise jwt.InvalidTokenError("typ")
    key = next((key for key in keys.keys if key.key_id == header.get("kid")), None)
    if key is None:
        raise jwt.InvalidTokenError("no such key")
    claims = jwt.decode(
        token, key.key, algorithms=[algorithm], issuer=issuer, audience=audience,
        options={"require": ["iss", "sub", "aud", "exp", "iat", "jti"]})
    print(json.dumps({"claims": claims}))
except jwt.InvalidTokenError as refusal:
    print(json.dumps({"refused": f"{type(refusal).__name__}: {refusal}"}))
