/** A certificate for the name localhost that its own key signed, and that no authority knows: for receivers over TLS. Worth nothing anywhere else. */
export const certificate = `-----BEGIN CERTIFICATE-----
MIIBlDCCATugAwIBAgIUZFD5czyojkC2wrAI0AMpamLCZI0wCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyNDIxMzAzMFoYDzIxMjYxMDMx
MjEzMDMwWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAARjbwcSgs2PG05YMvbOIzDanym10VsAGsBTwum+3b0mRGEqufaTecz7
KZzc7TrwWOP3VI5An8O4DE3/me2lB5W/o2kwZzAdBgNVHQ4EFgQU02FOtgU4kH14
jd3YHNJidZLl3tQwHwYDVR0jBBgwFoAU02FOtgU4kH14jd3YHNJidZLl3tQwDwYD
VR0TAQH/BAUwAwEB/zAUBgNVHREEDTALgglsb2NhbGhvc3QwCgYIKoZIzj0EAwID
RwAwRAIgd0EsnhVwZbgt2NEtAa1CVeoXBVhrYqRk9XhpO+e1CeoCIBLrBrmAzH1Z
mHrQObJ98QNsUox0O/V6rm80ZpTi9pyD
-----END CERTIFICATE-----
`;

export const privateKey = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgvR7GykKNT2NWodAS
iZ/i/5xoEH5IYabVpysx2ZR7/fChRANCAARjbwcSgs2PG05YMvbOIzDanym10VsA
GsBTwum+3b0mRGEqufaTecz7KZzc7TrwWOP3VI5An8O4DE3/me2lB5W/
-----END PRIVATE KEY-----
`;
