"""The keys of the lessons' client and server. They are published here, private halves and all, so they are worth nothing."""

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

_ES256 = (
    {
        "kty": "EC",
        "crv": "P-256",
        "x": "DvRDQkxgbM_iBUNY1uGgR3lhInIa-2HGrebg0sOChqQ",
        "y": "7rNrfRFTZ4k63fXzlU2sgqKXiQINvhi3hPCiydkIvMs",
        "d": "naYvvv7fqNawbVHgn2158lohaYQcQf7draVVwb5BcC8",
    },
    {
        "kty": "EC",
        "crv": "P-256",
        "x": "bdIXTKY-4Fg50eFuOUyLnRm-MQIBXBKKDqmKSHzwFdw",
        "y": "6_opYRphctUyoVxeoEFbMIHHiCZ1ply9hmNcNJRoLjA",
        "d": "wCJeErS84qzwDuWb3rabegvB2PNaAjCL3RIRKu0vVds",
    },
    {
        "kty": "EC",
        "crv": "P-256",
        "x": "DGJRdYVUYhWX8UIEyoa0gmEbGfU39NgZlACfV9zHa3E",
        "y": "Rzb9HeJGtjL4VCa42HU6M2z4hjCRJ1_KMiATx1vfMDY",
        "d": "v-oUZaXEwPuVoKaFNnUkaLd_0j4OHGs43awulGG3T1o",
    },
)
_EDDSA = (
    {
        "kty": "OKP",
        "crv": "Ed25519",
        "x": "g8_kacDJHha-J4Xs0nMswi5qFcFZ99qZXNeEJFwupbo",
        "d": "RW6CQxgwaJPUPELenrMc5GJjKYWHD_6W4ku0uLUBbXo",
    },
    {
        "kty": "OKP",
        "crv": "Ed25519",
        "x": "6Q1qlOdVGsVwHbx3Fb9yZUcWvTuAV5ARJtQUNnqwyvk",
        "d": "KOYc538FQZFKLkltR5oJlY4Nldz1_UE_LjZkPbVMihU",
    },
    {
        "kty": "OKP",
        "crv": "Ed25519",
        "x": "rmBBpif0DZShbM7zxCkUqF4m6dD_a2EUmzgkhwIKGlk",
        "d": "eeEJZg-KxK-Ma_QhZnk8xQUkWFBhMSL3QXrwFR4yNeE",
    },
)
_RS256 = (
    {
        "kty": "RSA",
        "n": (
            "pke6tzYhaNi1p69xce_oFnscanK-5bCcn7MuBD84BBtpsAwEVrqih1M9A2REG_p9oc6SRaV9QsdaHyIhibUv_6x-CTRnZznCrZhg"
            "clyFsXpt4bSHsYR-g-tZsC5uV_UuHsecWp6UoQrPsU2Kkoi-jXEd0qke9aDVaE-szJt54JawiWdB563jBW1fm3mm72F4mRG7vZNv"
            "88unm2KIDb0bjHN7Rlqq6vfN69ZdJU1uVNaP2QWFzPJorr0jZjwEBYncR4_zVZeKV5-9zklVxwaNdrAFDSlTEDKav-B-PAwtHTw6"
            "B8Fi70_710mNadYu55TDdfo-J9lUC4X5cV6REPsazQ"
        ),
        "e": "AQAB",
        "d": (
            "SN8_r4JsEuiCd_o2FBJpWszab7ZY_g2wHncm0BqqoHYpE8u4bQ__IaJzp1ReWwqk23BN_3Le2hDG6MULALBk2D6Ov9b1CDKypGSW"
            "xBfTSawXkuaM31nrHkJa_JDkr-yWKUwetEIybf9wdUo_1CdUp2UvBj8y_7_cNwpP9x2eRLPgoqB6aeMlo8aXyh9lDkNqy05fDjQZ"
            "Z1CEzqF7uJIBklrmwtH-N_XQfvXGemZL48eXVD_CiUo-TVR2C6xa8Hfvtu0h1twcEi1TzrEhTNTBolpJR6UPAADCJZleM6wIeTQ8"
            "a8eyT3tTwpox0z2MG1HFzZLvF4KMPO9fn7UR8DdWuw"
        ),
        "p": (
            "2BKcNydeW_gQ4JemfbbtyY_mN175D3l2P_2oKeOgIxPsKLPMuml_lkcVWZMTnmonLxkBlRyN83FLpXyAoi2yLv78hW47zawU2EHb"
            "GEnLAyEmg3LyX7EtN1Gjs9Do0abXPjJP4A0e2XggMk0vT2ese1ZepWKLIFSd4nZsEMFz99c"
        ),
        "q": (
            "xQGrHntTl3rZSf9V3ecXtCCx4nFtIfGY3zvyojUPnOgrwaIbDp6NkuBgVCh-xVl3mkuE8CrLb4RgZcCsnK9h18z0s3LtBuamuCUG"
            "Xte5IcOBFinbQ5ACkzBQIArrD3CYNgzR6TbX-l2TTZh9ATXiam-miUVtQf5ZZw0WnJbyXfs"
        ),
        "dp": (
            "bAcx7ylRte2ako9_gA77Z_D4CusC3se9ZVTuxLK3l5IYWmk6jGC-l2XGuNgd0PAF0zhPYDu8hOA6D-zlazApi_GUUym_4J6OdWjH"
            "n6cVRuVGGiZYI5uznZrFm9tw65DcwI3q_XvR1qyGfF-2rZ6Jz8ho3YsdP_bOUTEf6miuEFU"
        ),
        "dq": (
            "Se-6XRJD6RH-AruFamaUitHKcQXIw3h8uyswgJgRZ_3qjh1csjvnPjxfarZX_ZD6RjoZhllJSG0SEJ4jKhrYSbluDPsQ4gomf-3F"
            "Wkrz_Cv3gm3rEIw3qy3ypFP0rDLBrWdaUIB4xkngQrr8Dzw94VxN0C7yNlZTD03mMpakF4k"
        ),
        "qi": (
            "JmJny_NF_ri1mzxGLojrn44H5iymjVW9Xgx2US8KO44mCT4l7yKlL-UmfysRD85kW17cbkuUWyLWr9dwqtRyxidXK7u-gyYtOyBy"
            "4A8azZYxixmU9zXWGWQznr0-1-cKArVcFvG4czW1rxmgJak4xqSmH5unYzvv0oKm7kfNWNs"
        ),
    },
    {
        "kty": "RSA",
        "n": (
            "xsE6I4SvEADat15k9IRjToSki5syTWdzGBM4EFAk5ATYiHNvTahkUCxCGJklIFdpqSPlLIrMd4M9m64AFj--JYRI-V9MGQobu5y2"
            "WvV85pXqkIbwoLX8VzSdguzKEfuWU8mYXaxBwvyJTH1U808Fj_EJVXgFe_e32FjjLfcx0W7UHQNJIjHWQ_EE11bVN83zl0jQnLba"
            "zVMssFzorzV8ydmo_ct4gUvw0nWzYMDOfEOgJYQKT4uqNEbMYO1d5Dj61a1IkjOCLGFCsqdPd0LUxtVhVt7FH84uxzj0fsK-s5oj"
            "kicixMkCJCy_FJnatLvVo6E2Oa_3uR9clphL9yU-9w"
        ),
        "e": "AQAB",
        "d": (
            "CRTaJbZR027ej4NaJIwKB5Pq-tAID95atW5nYONwlBSemjmAC_HWR42GJZ6VwjEMTGSt-4eKCSnvfjYInfuiog810GMo1HoQQ1XJ"
            "RUWzQ8v00E7CHu3BznBChDFymDjBKSnsctdEl_a3BU4yu_1P2UBft06JHZ13goSpOLfzSEjt8mUz9M23BPab8XJR4lkwnqI0iW9B"
            "i0mE_TmQfWfXZhKEtO5PuUEYxz2E5qnQe9JnRWB4eLuvGoPnFl0nbUVO8uSyAn5aD0ncs4_r40RksItG0dHKE5E9Y4ezQqbFUt7D"
            "XVRLJSozEWLI1YxfEobO02cubeohuZMmfkQfiQZQ7Q"
        ),
        "p": (
            "8SFqswyQStz5H9vraEFEYBLmpAqBiBRvkJWnOHm2BsSyFQNUwMj9WXHHvsmvc01JSJSijekksnIiuvBT8RJ-h3IYthfJuLqX2mGp"
            "a5aOtpwiXBkqka57kVklolM9nftvpwFNhz-yWk6jnrhL2ISdSdjXMJyp6zAZdzhjx9Vn6IM"
        ),
        "q": (
            "0wLZkkeV2PgeljLAgLJlPuWktqsahhkaTL-ogSY1qDXON5FlF-7zU_Cejh1asbAT2ld_Dp0EXnUoE8-O4oumK7snEVRL50-u0ijX"
            "-sXg4CYr1GAPxQtkOstLdo8HHhmTEEjliRmu-p-7dhQiLz_86xh0zXsfIN09zPe8P6RAvX0"
        ),
        "dp": (
            "62yG8n2Hu6_3g4WCV22xxmNt0Cd5xFS_gFi8xUT_1afhfuabrwYNZXDTZpEfveFtdXG5K_i_HYKWKhJOwoYeBzv8qHydNMDpVgwY"
            "D7UVbXEPkv_3Mfk7J_Pz7IJ9HGvK3TFGcpBcIBO7aFHjq2f-8YTGxO2QcNGra10g_pB7POU"
        ),
        "dq": (
            "IsQ_cNiWme8XqwulqA68m8ZegzJh5mJQcQDLFKxk_tgOqB0umOjn8pacqTGw9cHbI4hzCMdaJu4KsmjqU-1Kbb4iS7ql3vDEDyBn"
            "pYvg502ivxUsw_yCgSVpw5kBRTZVgsNf_lza9bRHwMbEcyCJ3XpkFE8K6_FH83OF8r5vZEk"
        ),
        "qi": (
            "ZvKPwhPgSaQcWhqZ4VBsLIsAekrhUNLgWpxnpC4fjLR84jitRURwzTcxHp5j5wsK_TkyMH2KZ91MHdfzto9p38191FsMAEkb9jHJ"
            "oUCFeZWy7ITunRn3kAMfVy1ovThcPu9EtfcW-bLSRUX9c_vSoEytE_yuke5elHb4ltceUpA"
        ),
    },
    {
        "kty": "RSA",
        "n": (
            "nAJgzluBURDDU-CGDz7TGG8HarcOCxb4hB97V2IdOIjFgIha4FE0Bub3YIOwUlzIhFK1usIVCMZaEi0MtMUlbERXjFnCMDgmd9pH"
            "uV0rzfy6tYkuCatOjVwOUjPUAvZ6mVfF3FAbs3UrqPeULnqcMc46ik2R86QUoRJEvI0gvYP9s64d0kb7gDGEdCVqbQPjW4ujsvvw"
            "zxTT6NBjVW1cq7WDUclytB1NUR03OfQlCfXuWKx0s5MT0INzzXh3vePDs1h-SvIVElIcv3OaV18DELBt2itbze42lQUn3-WIPMHa"
            "0PatOCJmpbBTiuboRX9IEy5VZW7UsVZgm9b9MRS-kQ"
        ),
        "e": "AQAB",
        "d": (
            "CP9PnTMUjAvxEegt3xj21G7J0Rcdz5irbDZDFyTszb8AkfM7N3rjat785xNtMrDQbSY2fh71ltgWp3vy4sWIbRwrZughzYVdfZXI"
            "g2mazkJMM85Fqg_Xw8oKduXvjRyxMSEJY5V4pYLFSfU-VehjE_HCeUm0OEaPHIN41J14hQlttuKP3sCvBEY-j39BKt_DrNSygsrb"
            "YDD8gysDi4kmj0Lxd3o1frbWXRhKTiC7Kg4l1Dr44G7pr47F7LBkRQSsyeqT9h1bwqUdWhIRB9_f81zXNlhErkX1_h1BVXcgZ61k"
            "Z86lRw1Ig3TseJWy_8XozY9LRg0o7AYES_i4vZQRCQ"
        ),
        "p": (
            "1q9WQJlpOeMdQK8pPuTxx5w-XOMxq-i9xAfGK-H8wM40y0FjS2C5imZd5sKp7KOW4P0mVM3sWW1P3K3bVKs5bCR1sYuS1Wj3J7NO"
            "8tvy5n6hB6QpNE4AAuW8MPxxklZ6_bHDUhCK4syqXrED5i798mQc304mYCsrl3PIImD8FVk"
        ),
        "q": (
            "ughUQdDrhXza6EGW_kldR1WmM7QfS3U_AxE81N9qilh8epG0I9Np63EmdZjOXsjH9ZVhUnk8WPl72B1QnrtC9FEU2EQLiE2uO8FQ"
            "U2W4gfuGHoNTSVqveQ_pqT6jqSxEB8VTZ4CWSHB5sHEPgrZKTDHvnYEXvbRBEJAz2w4Vc_k"
        ),
        "dp": (
            "ep2kPrsgPX64-3PPs-thKGfVuonMmeoRUIA8MF4fVSOxRZGwG6I_9osnAKCYGt8IUrJjjTYb0qu7XEg0KDSvVFOyoNgd4iPUXels"
            "owr6vaj_YfThz8zo9r6t8LCOUU1xa6p2600ldgn9GJ4zoumeAy4oy2XAR1cAy7zGRtRrxek"
        ),
        "dq": (
            "XcRe-8GbRPBWwmR0__zomFEScdMjRvx0403n9IAcCllpfLo-KySfqb2hnfqEYoAfUaiWomRbR5mQk7DK9wb6S30m3Y8GpRBKdvIM"
            "U8zcwB-QTYbyDvI3qfScWOMqyNV4ANa0IGJO3Xpby9Rg9gh90IQG-8OavNLDTN7yVEJ4C7k"
        ),
        "qi": (
            "uRifAWewN8Sp5RWFmFp1LHbdjSPfbzxePjAJeL2s3s3ya7IeiE5LxChR7bQFCrI2eycwmc3XrbJlj4OEEulpZzV9Pn0STGKd48Zs"
            "kxl3BFx_GaPLTw2zUaP1vc7zMK0dhOVTuGeoDu_CyUyWv62rz4M931NKUO4rkNTN6XfWFmI"
        ),
    },
)

#: A seeded server signs its tokens with them (RFC 7517), in this order; after the last one it starts over, under a new `kid`.
SERVER_KEYS = {"ES256": _ES256, "EdDSA": _EDDSA, "RS256": _RS256}
