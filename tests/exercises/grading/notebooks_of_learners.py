"""Answers to the exercise request_a_token that the tests of grading begin from."""

HONEST = """
import requests

def get_token(token_url, client_id, client_secret):
    data = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret}
    answer = requests.post(token_url, data=data, timeout=10)
    answer.raise_for_status()
    return answer.json()["access_token"]
"""

#: Sends what it should and has the answer, whose token it does not return; a hostile notebook goes on from there.
ASKS = """
import os, sys, requests

def asked(token_url, client_id, client_secret):
    data = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret}
    return requests.post(token_url, data=data, timeout=10)
"""
