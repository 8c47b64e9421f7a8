"""Hashes of one password as other systems store them, made by hashlib, libxcrypt, cryptography and the argon2 program: nothing of ours.

Usage: foreign_hashes.py PASSWORD        Prints one JSON object.
"""
import base64
import hashlib
import json
import os
import subprocess
import sys

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

password = sys.argv[1].encode()


def b64(data, padded=True):
    text = base64.b64encode(data).decode()
    return text if padded else text.rstrip("=")


def argon2(kind, iterations, kib, encoded, salt="saltsaltsaltsalt"):
    flags = [f"-{kind}", "-t", str(iterations), "-k", str(kib), "-p", "1", "-l", "32", "-e" if encoded else "-r"]
    return subprocess.run(["argon2", salt, *flags], input=password, capture_output=True, check=True).stdout.decode().strip()


def crypt(setting):
    return subprocess.run(
        ["perl", "-e", "print crypt($ARGV[0], $ARGV[1])", password.decode(), setting], capture_output=True, check=True).stdout.decode()


def keycloak(algorithm, iterations, salt, key, parameters=None):
    return {
        "type": "password",
        "createdDate": 1600000000000,
        "secretData": json.dumps({"value": b64(key), "salt": b64(salt), "additionalParameters": {}}),
        "credentialData": json.dumps({"hashIterations": iterations, "algorithm": algorithm, "additionalParameters": parameters or {}}),
    }


salt = os.urandom(16)
bcrypt = crypt("$2b$06$abcdefghijklmnopqrstuu")
id_text = argon2("id", 2, 1024, True)

signer, separator, user_salt = os.urandom(64), b"\x07", os.urandom(10)
derived = hashlib.scrypt(password, salt=user_salt + separator, n=2**12, r=8, p=1, dklen=64, maxmem=2**26)
encryptor = Cipher(algorithms.AES(derived[:32]), modes.CTR(b"\0" * 16)).encryptor()

print(json.dumps({
    "plain": {
        "bcrypt": bcrypt,
        "bcrypt of PHP": bcrypt.replace("$2b$", "$2y$"),
        "bcrypt of Django": "bcrypt$" + bcrypt,
        "bcrypt of Spring": "{bcrypt}" + bcrypt,
        "Argon2id": id_text,
        "Argon2i": argon2("i", 3, 512, True),
        "Argon2d": argon2("d", 3, 512, True),
        "Argon2 of Django": "argon2" + id_text,
        "PBKDF2 of Django": "pbkdf2_sha256$1000$saltysalt$" + b64(hashlib.pbkdf2_hmac("sha256", password, b"saltysalt", 1000)),
        "PBKDF2 of ASP.NET Identity 2": b64(b"\0" + salt + hashlib.pbkdf2_hmac("sha1", password, salt, 1000, 32)),
        "PBKDF2 of ASP.NET Identity 3": b64(
            b"\1" + (2).to_bytes(4, "big") + (1000).to_bytes(4, "big") + (16).to_bytes(4, "big") + salt + hashlib.pbkdf2_hmac("sha512", password, salt, 1000, 32)),
        "scrypt": f"$scrypt$ln=12,r=8,p=1${b64(salt, False)}$" + b64(hashlib.scrypt(password, salt=salt, n=2**12, r=8, p=1, dklen=32, maxmem=2**26), False),
    },
    "keycloak": {
        "pbkdf2-sha256": keycloak("pbkdf2-sha256", 2750, salt, hashlib.pbkdf2_hmac("sha256", password, salt, 2750, 64)),
        "pbkdf2-sha512": keycloak("pbkdf2-sha512", 2100, salt, hashlib.pbkdf2_hmac("sha512", password, salt, 2100, 64)),
        "argon2": keycloak(
            "argon2", 5, b"saltsaltsaltsalt", bytes.fromhex(argon2("id", 5, 7168, False)),
            {"hashLength": ["32"], "memory": ["7168"], "type": ["id"], "version": ["1.3"], "parallelism": ["1"]}),
    },
    "firebase": {
        "passwordHash": b64(encryptor.update(signer) + encryptor.finalize()),
        "salt": b64(user_salt),
        "hash_config": f"hash_config {{\n  algorithm: SCRYPT,\n  base64_signer_key: {b64(signer)},\n  base64_salt_separator: {b64(separator)},\n  rounds: 8,\n  mem_cost: 12,\n}}\n",
    },
}))
