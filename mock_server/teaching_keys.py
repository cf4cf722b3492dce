"""The keys of the lessons' clients. They are published here, private halves and all, so they are worth nothing."""

#: `assertion-app` signs with it (ES256).
ASSERTION_APP_PRIVATE_KEY = {
    "kty": "EC",
    "crv": "P-256",
    "kid": "assertion-app-1",
    "x": "UPYz0ASDTPtHvf65hW9rriC8J3wBcs5Bb9zMHyv1Rfs",
    "y": "U96A3pgfDTv0TbCvYRxvlvoJsmB-WRQSHHgl5-IChdg",
    "d": "2llZv3paSH-XNTEkSRc050BqR9LaScDJm_tEssQIgus",
}
ASSERTION_APP_PUBLIC_KEY = {name: value for name, value in ASSERTION_APP_PRIVATE_KEY.items() if name != "d"}
