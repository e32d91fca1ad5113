//! An OpenID Connect issuer as people log in at one: the authorization and the token endpoint (RFC 6749, with RFC 7636's proof).

use std::collections::BTreeMap;
use std::sync::Mutex;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tiny_http::{Header, Response};

use super::fake::sha256;
use super::service::token;

/// Where a code is shown instead of being sent on.
pub const BY_HAND: &str = "urn:ietf:wg:oauth:2.0:oob";

/// The issuer, with what it does wrong.
#[derive(Default)]
pub struct Issuer {
    /// It sends on another state than it was given.
    pub other_state: Mutex<Option<&'static str>>,
    /// It takes the proof of another login.
    pub other_challenge: Mutex<bool>,
    /// It says no, with these words.
    pub refusal: Mutex<Option<&'static str>>,
    /// What the token says besides.
    pub claims: Mutex<Value>,
    /// The logins that were begun: by code, what the client said.
    begun: Mutex<BTreeMap<String, BTreeMap<String, String>>>,
}

impl Issuer {
    /// The answer to a request of a login; `None` where it is about something else.
    pub fn answer(&self, path: &str, body: &[u8]) -> Option<Response<std::io::Cursor<Vec<u8>>>> {
        match path.split_once('?') {
            Some(("/auth/auth", query)) => Some(self.begin(&fields(query))),
            None if path == "/auth/token" => Some(self.end(&fields(std::str::from_utf8(body).unwrap()))),
            _ => None,
        }
    }

    /// Somebody comes with the client's question, and says yes.
    fn begin(&self, asked: &BTreeMap<String, String>) -> Response<std::io::Cursor<Vec<u8>>> {
        for (name, expected) in
            [("client_id", "sigstore"), ("response_type", "code"), ("code_challenge_method", "S256"), ("scope", "openid email")]
        {
            assert_eq!(asked[name], expected, "{name}");
        }
        let code = format!("code-{}", self.begun.lock().unwrap().len());
        let redirect = &asked["redirect_uri"];
        let mut known = asked.clone();
        if *self.other_challenge.lock().unwrap() {
            known.insert("code_challenge".to_owned(), URL_SAFE_NO_PAD.encode(sha256(b"another login")));
        }
        self.begun.lock().unwrap().insert(code.clone(), known);
        if redirect == BY_HAND {
            return Response::from_string(code);
        }
        let state = self.other_state.lock().unwrap().unwrap_or(&asked["state"]).to_owned();
        let place = match *self.refusal.lock().unwrap() {
            Some(words) => format!("{redirect}?error=access_denied&error_description={words}&state={state}"),
            None => format!("{redirect}?code={code}&state={state}"),
        };
        Response::from_string("").with_status_code(302).with_header(Header::from_bytes("Location", place).unwrap())
    }

    /// The client brings the code, and proves that it is the one that began.
    fn end(&self, brought: &BTreeMap<String, String>) -> Response<std::io::Cursor<Vec<u8>>> {
        let no = |why: &str| Response::from_string(json!({"error": why}).to_string()).with_status_code(400);
        let Some(known) = self.begun.lock().unwrap().remove(&brought["code"]) else { return no("invalid_grant: no such code") };
        let proof = URL_SAFE_NO_PAD.encode(sha256(brought["code_verifier"].as_bytes()));
        let same = |name: &str| known[name] == brought[name];
        if proof != known["code_challenge"] || !same("client_id") || !same("redirect_uri") || brought["grant_type"] != "authorization_code"
        {
            return no("invalid_grant: another login");
        }
        let mut claims = json!({"email": "ann@acme.example", "email_verified": true});
        if let Some(more) = self.claims.lock().unwrap().as_object() {
            claims.as_object_mut().unwrap().extend(more.clone());
        }
        Response::from_string(json!({"access_token": "none", "token_type": "Bearer", "id_token": token(&claims)}).to_string())
    }
}

/// The fields of a query or form.
fn fields(text: &str) -> BTreeMap<String, String> {
    let plain = |text: &str| {
        let mut bytes = Vec::new();
        let mut rest = text.bytes();
        while let Some(byte) = rest.next() {
            bytes.push(match byte {
                b'+' => b' ',
                b'%' => {
                    let digits = [rest.next().unwrap(), rest.next().unwrap()];
                    u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
                }
                other => other,
            });
        }
        String::from_utf8(bytes).unwrap()
    };
    text.split('&').filter_map(|pair| pair.split_once('=')).map(|(name, value)| (plain(name), plain(value))).collect()
}
