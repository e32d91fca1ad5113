#!/bin/sh
# Writes the GitLab component and the same job as a remote include: gate.sh, the digests and what both share, in two forms.
#
#   templates/gitlab/build.sh [FOLDER]      # default: the folder above this one
set -eu
here="$(cd "$(dirname "$0")" && pwd)"
out="${1:-$here/..}"
image="$(cat "$here/image.txt")"
generated="# Written by templates/gitlab/build.sh from templates/gitlab/gate.sh and templates/digests.txt: change those."

# NAME VARIABLE DESCRIPTION of what is text. Lists are separated by commas.
inputs() {
  cat <<'LIST'
config FNGATE_CONFIG Path of fngate.toml. Empty, the one in the project's folder counts.
policy FNGATE_POLICY Further Rego policies, files or folders, separated by commas.
db FNGATE_ADVISORIES The offline advisory database, a path, or URL@sha256:HEX to fetch it and hold it against its digest.
kev FNGATE_KEV Path of CISA's catalogue of known exploited vulnerabilities.
epss FNGATE_EPSS Path of FIRST's EPSS scores.
vex FNGATE_VEX VEX documents that you believe, separated by commas.
lock FNGATE_LOCK Lockfiles that the artifacts were built from, separated by commas.
modules FNGATE_MODULES The build's own node_modules, folders separated by commas.
layers FNGATE_LAYERS Layers that are mounted beside each artifact, the lowest first, separated by commas.
bundles FNGATE_BUNDLES Sigstore bundles for artifacts that have none beside them, separated by commas.
baseline FNGATE_BASELINE A former JSON report; what it knew is shown and not denied.
version FNGATE_VERSION The release to use, one of those this template has a digest of. Empty, the newest of them.
binary FNGATE_BINARY Path of an fngate binary to use. Empty, the image's own, else a release.
LIST
}

# The job's part that both forms share.
job() {
  printf '    FNGATE_DIGESTS: |-\n'
  sed 's/^/      /' "$here/../digests.txt"
  printf '  script:\n    - |\n'
  sed 's/^\(.\)/      \1/' "$here/gate.sh"
  cat <<'JOB'
  artifacts:
    when: always
    access: developer
    expire_in: 30 days
    paths:
      - fngate-report.json
      - fngate-report.html
      - fngate-junit.xml
      - gl-*.json
    reports:
      codequality: gl-code-quality-report.json
      cyclonedx: gl-sbom-fngate.cdx.json
      dependency_scanning: gl-dependency-scanning-report.json
      dotenv: fngate.env
      junit: fngate-junit.xml
      secret_detection: gl-secret-detection-report.json
JOB
}

{
  cat <<HEAD
# The gate as a CI/CD component. The same without inputs, configured by variables: gate.gitlab-ci.yml.
$generated
spec:
  inputs:
    stage:
      description: The stage of the job.
      default: test
      regex: '^[A-Za-z0-9 ._-]+\$'
    image:
      description: An image with a POSIX shell, tar, sha256sum and curl or wget; with fngate in it nothing is downloaded.
      default: $image
      regex: '^[A-Za-z0-9._/:@-]+\$'
    artifacts:
      description: The artifacts to judge, paths, globs or oci:REF, separated by commas. What matches nothing ends in exit code 2.
      regex: '^[A-Za-z0-9 ._/*?@:+=~%,-]+\$'
HEAD
  inputs | while read -r name _ description; do
    printf "    %s:\n      description: %s\n      default: ''\n      regex: '^[A-Za-z0-9 ._/@:+=~%%,-]*\$'\n" "$name" "$description"
  done
  cat <<'HEAD'
    enforce:
      description: Whether the verdict decides the job. Otherwise the job stays green and says NOT ENFORCED.
      type: boolean
      default: true
    fail-on-default-branch:
      description: Whether the verdict decides the job on the default branch too. GitLab compares merge requests with its last green pipeline.
      type: boolean
      default: true
---
fngate:
  stage: "$[[ inputs.stage ]]"
  image:
    name: "$[[ inputs.image ]]"
    entrypoint: [""]
  variables:
    FNGATE_ARTIFACTS: "$[[ inputs.artifacts ]]"
HEAD
  inputs | while read -r name variable _; do printf '    %s: "$[[ inputs.%s ]]"\n' "$variable" "$name"; done
  printf '    FNGATE_ENFORCE: "$[[ inputs.enforce ]]"\n    FNGATE_FAIL_ON_DEFAULT_BRANCH: "$[[ inputs.fail-on-default-branch ]]"\n'
  job
} >"$out/gate.yml"

{
  cat <<HEAD
# The gate for \`include: remote:\`, configured by variables; the same job as the component gate.yml, which has inputs instead.
# Give at least FNGATE_ARTIFACTS. Lists are separated by commas or lines. Another stage: \`fngate: {stage: NAME}\` beside the include.
$generated
variables:
  FNGATE_ARTIFACTS: "" # the artifacts to judge, paths, globs or oci:REF
  FNGATE_IMAGE: "$image"
HEAD
  inputs | while read -r _ variable description; do printf '  %s: "" # %s\n' "$variable" "$description"; done
  cat <<'HEAD'
  FNGATE_ENFORCE: "true" # false: the job stays green and says NOT ENFORCED
  FNGATE_FAIL_ON_DEFAULT_BRANCH: "true" # false: the same on the default branch alone
fngate:
  stage: test
  image:
    name: "$FNGATE_IMAGE"
    entrypoint: [""]
  variables:
HEAD
  job
} >"$out/gate.gitlab-ci.yml"
