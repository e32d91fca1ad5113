package fngate.sensitive_files_test

import data.fngate.sensitive_files.findings

found(rule) := set if {
	secret := {"rule": rule, "path": ".env", "level": "warn", "fingerprint": "0f"}
	set := findings with input as {"inventory": {"secrets": [secret]}}
}

test_an_environment_file_is_denied if {
	some finding in found("file-dotenv")
	finding.level == "deny"
	finding.path == ".env"
	finding.fingerprint == "0f"
}

test_other_secrets_are_left_to_the_gate if count(found("github-pat")) == 0
