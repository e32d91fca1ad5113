# Files that have no place in what is deployed, whatever stands in them: environment files, private keys, the repository's own folder,
# Terraform's state, a shell's history. The gate warns of them by their names; here they are denied.
package fngate.sensitive_files

# The scanner's rules about files; `fngate explain file-dotenv` and the like say what each is.
files := {
	"file-dotenv": "an environment file",
	"file-ssh-key": "a private key",
	"file-keystore": "a key store",
	"file-git": "the repository's own folder",
	"file-terraform-state": "Terraform's state",
	"file-azure-local-settings": "local settings of Azure Functions",
	"file-credentials": "a tool's file of credentials",
	"file-shell-history": "a shell's history",
}

# METADATA
# title: a file is in the artifact that has no place there
# description: |
#   By its name the file holds credentials, settings of a developer's machine, or the history of one. Leave it out of the package
#   (`package.patterns` of the Serverless Framework, `.funcignore` of Azure, or what your packer has), and look at what stood in it.
# custom:
#   rule: secret-file
findings contains finding if {
	some s in input.inventory.secrets
	what := files[s.rule]
	finding := {
		"rule": "secret-file",
		"level": "deny",
		"subject": s.path,
		"path": s.path,
		"fingerprint": s.fingerprint,
		"message": sprintf("%s is in the artifact (%s)", [what, s.rule]),
		"help": "leave it out of the package, and revoke what stood in it",
	}
}
