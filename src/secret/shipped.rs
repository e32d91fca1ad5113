//! The rules that ship, a file a vendor.

use std::collections::HashSet;
use std::sync::OnceLock;

use rayon::prelude::*;

use super::load::{self, RuleError};
use super::rule::{Finder, Rule};

/// The rule files of these names, each with its content.
macro_rules! files {
    ($($name:literal),* $(,)?) => { &[$(($name, include_str!(concat!("rules/", $name, ".toml")))),*] };
}

/// Name and content of every rule file, in the order of their names.
#[rustfmt::skip]
const FILES: &[(&str, &str)] = files![
    "1password", "ably", "abstract", "abuseipdb", "adafruit", "adobe", "age", "agora", "ai21", "aikido", "airbrake", "airtable",
    "aiven", "akamai", "alchemy", "algolia", "alibaba", "amazon", "amplitude", "anthropic", "anypoint", "apifonica", "apify",
    "apilayer", "apimetrics", "apitemplate", "apollo", "appcenter", "appfollow", "appointedd", "appoptics", "appsynergy",
    "asaas", "asana", "assemblyai", "atera", "atlassian", "audd", "auth0", "authress", "autoklose", "autopilot",
    "aviationstack", "aws", "axiom", "axonaut", "ayrshare", "azure", "bannerbear", "baremetrics", "beamer", "beebole",
    "besnappy", "besttime", "betterstack", "bitbar", "bitbucket", "bitcoinaverage", "bitfinex", "bitly", "bitrise", "bittrex",
    "blazemeter", "blitapp", "block-protocol", "blocknative", "blogger", "bombbomb", "boostnote", "borgbase", "box",
    "braintree", "branch", "brandfetch", "brevo", "browserstack", "browshot", "bscscan", "buddyns", "budibase", "bugherd",
    "bugsnag", "builderio", "buildkite", "bulbul", "bunny", "buttercms", "calendarific", "calorieninja", "campayn", "canny",
    "canva", "capella", "capsulecrm", "carboninterface", "censys", "centralstationcrm", "cerebras", "cfxre", "chartmogul",
    "chatbot", "chatfuel", "checio", "checklyhq", "checkout", "cicero", "circleci", "civo", "clarifai", "clearbit", "clearout",
    "clerk", "clickhouse", "clickup", "cliengo", "clockify", "clojars", "closecrm", "cloudconvert", "cloudflare", "cloudimage",
    "cloudinary", "cloudmersive", "cloudplan", "cloudsight", "cloudsmith", "cloverly", "clustdoc", "cockroachlabs", "coda",
    "codacy", "codeclimate", "codecov", "codemagic", "codequiry", "coderabbit", "cohere", "coinapi", "coinbase", "coinlayer",
    "coinlib", "collect2", "column", "commercejs", "configcat", "confluent", "connection-string", "contentful", "contentstack",
    "conversiontools", "convertapi", "convertkit", "convex", "countrylayer", "coveralls", "coze", "craftmypdf", "cratesio",
    "crowdin", "crypto", "cryptocompare", "currencyfreaks", "currencylayer", "currencyscoop", "currentsapi", "cursor",
    "customerio", "cypress", "daily", "dandelion", "dareboost", "data-gov", "databento", "databox", "databricks", "datadog",
    "dbt", "debounce", "deepai", "deepgram", "deepl", "deepseek", "defined-networking", "delighted", "deno", "dependency-track",
    "detectify", "detectlanguage", "devcycle", "devin", "diffbot", "dify", "diggernaut", "digitalocean", "discord", "disqus",
    "ditto", "docker", "docparser", "docusign", "doppler", "dronahq", "droneci", "dropbox", "dub", "duffel", "dwolla",
    "dynalist", "dynatrace", "dyspatch", "eagleeyenetworks", "easypost", "ebay", "ecostruxureit", "edenai", "elastic",
    "elevenlabs", "endor", "enigma", "envoy", "eraser", "etherscan", "ethplorer", "etsy", "eventbrite", "everhour",
    "exchangerate", "exchangerates", "exoscale", "extractorapi", "facebook", "fal", "fastforex", "fastly", "feedier", "fernet",
    "fetchrss", "figma", "file", "fileio", "filezilla", "finage", "financialmodelingprep", "findl", "finicity", "finnhub",
    "fireworks", "fixer", "flat", "fleetbase", "flexport", "flickr", "flightapi", "flightlabs", "float", "flutterwave", "flyio",
    "formcraft", "formio", "foursquare", "frameio", "framework", "freshbooks", "freshdesk", "friendli", "front", "fulcrum",
    "fullstory", "fxmarket", "gcnotify", "geckoboard", "gemfury", "generic", "geoapify", "geocode", "geocodify", "getgeoapi",
    "getgist", "getresponse", "ghost", "gitea", "github", "gitlab", "gitter", "glassnode", "glm", "gocardless", "godaddy",
    "goodday", "google", "grafana", "graphhopper", "greptile", "groove", "groq", "gtmetrix", "guardian", "gumroad", "gyazo",
    "happyscribe", "harness", "hashicorp", "hcaptcha", "hellosign", "helpcrunch", "helpscout", "heroku", "hetzner", "hex",
    "hexpm", "hiveage", "holidayapi", "holistic", "honeycomb", "hop", "html2pdf", "http", "hubspot", "huggingface", "humanity",
    "hunter", "hybiscus", "ibm", "iconfinder", "iexapis", "iexcloud", "imagekit", "imagga", "impala", "infisical", "infomaniak",
    "infracost", "infura", "inngest", "insightly", "instabot", "instagram", "intercom", "interseller", "intra42", "intrinio",
    "ionic", "ip2location", "ipapi", "ipgeolocation", "ipifi", "ipinfo", "ipinfodb", "ipquality", "ipstack", "iterative",
    "jenkins", "jetbrains", "jfrog", "jotform", "jumpcloud", "jupiterone", "juro", "jwt", "kagi", "karma", "keycloak", "kimi",
    "klaviyo", "klipfolio", "knapsackpro", "kolide", "kontent", "kraken", "kubernetes", "kucoin", "kylas", "langfuse",
    "langsmith", "languagelayer", "lark", "launchdarkly", "leadfeeder", "lemlist", "lemonsqueezy", "lendflow", "less",
    "lichess", "lighton", "line", "linear", "linenotify", "linkedin", "linkpreview", "liveblocks", "livekit", "llamaindex",
    "loadmill", "lob", "loginradius", "logz", "lokalise", "looker", "loyverse", "lunchmoney", "madkudu", "magnetic",
    "mailboxlayer", "mailchimp", "mailerlite", "mailersend", "mailgun", "mailjet", "mailmodo", "mandrill", "mapbox", "mapquest",
    "marketstack", "mattermost", "mavenlink", "maxmind", "mediastack", "meistertask", "meraki", "mercadopago", "mercury",
    "mergify", "mesibo", "messagebird", "metrilo", "microsoft", "midtrans", "mindmeister", "miro", "mistral", "mixmax",
    "mixpanel", "modal", "moderation", "monday", "mongodb", "monkeylearn", "moonclerk", "moosend", "moralis", "mux",
    "myintervals", "nasdaq", "nats", "neon", "netcore", "netlify", "netrc", "new-relic", "new-york-times", "newsapi",
    "newscatcher", "nftport", "ngrok", "nicereply", "nightfall", "nimble", "noticeable", "notion", "nozbe", "npm", "nuget",
    "numverify", "nvidia", "nylas", "oanda", "octopus", "okta", "ollama", "omnisend", "onelogin", "onesignal", "onfido",
    "onfleet", "oopspam", "openai", "opencagedata", "openrouter", "openshift", "openuv", "openvsx", "openweather", "opsgenie",
    "optimizely", "oracle", "overloop", "owlbot", "packagecloud", "packagist", "paddle", "pagarme", "pagerduty", "pandadoc",
    "pandascore", "paperform", "paralleldots", "parseur", "partnerstack", "pastebin", "paydirtapp", "paymoapp", "paymongo",
    "paypal", "pdflayer", "pdfshift", "peopledatalabs", "permit", "perplexity", "persona", "pinecone", "pingdom", "pinterest",
    "pipedream", "pipedrive", "pixabay", "plaid", "planetscale", "planyo", "plivo", "podio", "polar", "pollinations",
    "pollsapi", "poly", "polygon", "portainer", "positionstack", "postageapp", "posthog", "postman", "postmark", "powrbot",
    "prefect", "privacy", "private-ai", "private-key", "prodpad", "proof", "prospect", "protocols", "proxycrawl", "pubnub",
    "pulumi", "pushbullet", "pypi", "pyx", "qase", "qualaroo", "qubole", "rails", "railway", "rainforest", "ramp", "rapidapi",
    "raven", "rawg", "razorpay", "reachmail", "readme", "rebrandly", "recaptcha", "redirect-pizza", "refiner", "render",
    "rentman", "replicate", "replyio", "requestfinance", "resend", "restpack", "retell", "ringcentral", "riot", "ritekit",
    "robinhood", "rocketreach", "rockset", "rollbar", "rootly", "route4me", "rubygems", "runpod", "runway", "salesblink",
    "salescookie", "salesflare", "salesforce", "salesloft", "samsara", "sanity", "saucelabs", "scale", "scaleway", "scalingo",
    "scrapeowl", "scraperapi", "scraperbox", "scrapestack", "scrapfly", "scrapingant", "scrapingbee", "screenshotapi",
    "screenshotlayer", "scrutinizer", "securitytrails", "segment", "selectpdf", "semaphore", "sendbird", "sendgrid", "sentry",
    "serphouse", "serpstack", "settlemint", "sherpadesk", "shipday", "shippo", "shodan", "shopify", "shortcut", "shotstack",
    "shutterstock", "sidekiq", "signaturit", "signupgenius", "sigopt", "simfin", "simplesat", "simvoly", "skrapp", "slack",
    "smartsheets", "snipcart", "snowflake", "snyk", "softlayer", "sonar", "sourcegraph", "sparkpost", "speechtext", "splunk",
    "spoonacular", "sportsmonk", "spotify", "sqreen", "square", "squarespace", "sshpass", "sslmate", "stability", "stackhawk",
    "statsig", "statuscake", "statuspage", "statuspal", "stitchdata", "stockdata", "storecove", "stormboard", "stormglass",
    "storyblok", "storychief", "strava", "streak", "stream", "stripe", "stripo", "stytch", "sumologic", "supabase",
    "supernotes", "surveybot", "surveysparrow", "survicate", "swiftype", "tableau", "tailscale", "tallyfy", "tatum", "tavily",
    "tavus", "taxjar", "teamwork", "technicalanalysisapi", "tefter", "telegram", "teletype", "telnyx", "tencent",
    "the-odds-api", "thinkific", "thunderstore", "ticketmaster", "tickettailor", "tigris", "tiingo", "timecamp", "tines", "tly",
    "tmetric", "todoist", "togetherai", "toggl", "tolgee", "tomtom", "tradier", "transferwise", "travelpayouts", "travis",
    "trello", "trendmicro", "truenas", "twelvedata", "twilio", "twitch", "twitter", "tyntec", "typeform", "ubidots",
    "uclassify", "unkey", "unleash", "unplu", "unsplash", "upcdatabase", "upcloud", "uplead", "upstage", "upstash",
    "uptimerobot", "upwave", "urlscan", "userflow", "userstack", "val-town", "vapid", "vatlayer", "vault", "vercel", "verimail",
    "veriphone", "versioneye", "viewneo", "virustotal", "visualcrossing", "vkontakte", "voiceflow", "voicegain", "vonage",
    "voodoosms", "voyage", "vpnapi", "vultr", "vyte", "wakatime", "walkscore", "wandb", "weatherapi", "weatherbit",
    "weatherstack", "webex", "webflow", "webscraper", "webscraping", "wepay", "whoxy", "wireguard", "wistia", "wiz",
    "woocommerce", "worksnaps", "workstack", "worldcoinindex", "worldweather", "wrike", "wundergraph", "xai", "xendit", "yahoo",
    "yandex", "yelp", "youneedabudget", "yousign", "zapier", "zendesk", "zenkit", "zenrows", "zenscrape", "zeplin",
    "zerobounce", "zerotier", "zipcodeapi", "zipcodebase", "zoho", "zonka", "zoom", "zuplo",
];

/// Every rule that ships, in the order of the files. Expressions are compiled when they are first needed.
///
/// Most of each file are the rules' proofs, a line for each list, which a search has no use for: they are left out, and the
/// rest is read in a third of the time.
pub(super) fn rules() -> Result<Vec<Rule>, RuleError> {
    let is_proof = |line: &&str| line.starts_with("examples = ") || line.starts_with("counter_examples = ");
    let read = |(name, text): &(&str, &str)| {
        let text: String = text.split_inclusive('\n').filter(|line| !is_proof(line)).collect();
        load::builtin(&text, name)
    };
    Ok(FILES.par_iter().map(read).collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}

/// The same with their examples and counter-examples.
pub fn proofs() -> Result<Vec<Rule>, RuleError> {
    Ok(FILES.iter().map(|(name, text)| load::builtin(text, name)).collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}

/// Whether the shipped rule of this id goes by a name rather than by a format.
pub(super) fn is_generic(id: &str) -> bool {
    static IDS: OnceLock<HashSet<String>> = OnceLock::new();
    let ids = || {
        let by_name = |rule: &Rule| rule.generic || matches!(rule.finder, Finder::Vendor { .. });
        rules().unwrap_or_default().iter().filter(|rule| by_name(rule)).map(|rule| rule.id.clone()).collect()
    };
    IDS.get_or_init(ids).contains(id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::check::Check;

    /// Files of a kind of secret rather than of a vendor.
    const KINDS: &[&str] = &["connection-string", "crypto", "file", "framework", "generic", "http", "jwt", "netrc", "private-key"];
    /// Other names of a vendor, which its ids may begin with.
    const ALSO: &[(&str, &[&str])] = &[
        ("atlassian", &["jira-"]),
        ("brevo", &["sendinblue-"]),
        ("google", &["firebase-", "gcp-", "gemini-"]),
        ("jfrog", &["artifactory-"]),
        ("oracle", &["oci-"]),
    ];

    #[test]
    fn every_file_is_listed() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/secret/rules");
        let mut there: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .map(|name| name.strip_suffix(".toml").unwrap_or_else(|| panic!("{name}: no rule file")).to_owned())
            .collect();
        there.sort();
        let listed: Vec<&str> = FILES.iter().map(|&(name, _)| name).collect();
        assert_eq!(listed, there);
    }

    #[test]
    fn a_file_is_of_one_vendor() {
        for (name, text) in FILES {
            let also = ALSO.iter().find(|(vendor, _)| vendor == name).map_or(&[][..], |&(_, names)| names);
            let rules = load::builtin(text, name).unwrap();
            assert!(!rules.is_empty(), "{name}");
            for rule in rules {
                let own = rule.id.starts_with(name) || also.iter().any(|prefix| rule.id.starts_with(prefix));
                assert!(own || KINDS.contains(name), "{} in {name}.toml", rule.id);
            }
        }
    }

    /// Of each prefix that is known with its checksum, a token that carries it.
    #[test]
    fn examples_of_formats_with_a_checksum_carry_it() {
        let mut proven = 0;
        for rule in proofs().unwrap() {
            let (Some(Check::Checksum(sum)), Finder::Token { prefixes, body }) = (rule.check, &rule.finder) else { continue };
            for example in &rule.examples {
                let token = prefixes.iter().find_map(|prefix| {
                    let start = example.find(prefix.as_str())?;
                    let body = body.program()?.find(&example.as_bytes()[start + prefix.len()..])?;
                    Some(&example.as_bytes()[start..start + prefix.len() + body.end()])
                });
                assert!(token.is_some_and(sum), "{}: {example}", rule.id);
                proven += 1;
            }
        }
        assert!(proven >= 20, "{proven}");
    }

    #[test]
    fn keys_that_are_public_by_design_are_information() {
        let rules = rules().unwrap();
        for id in [
            "algolia-search-key",
            "clerk-publishable-key",
            "datadog-client-token",
            "firebase-web-api-key",
            "flutterwave-public-key",
            "langfuse-public-key",
            "lob-pub-api-key",
            "mailgun-pub-key",
            "mapbox-api-token",
            "new-relic-browser-api-token",
            "posthog-project-key",
            "recaptcha-site-key",
            "segment-write-key",
            "sentry-dsn",
            "stripe-publishable-key",
            "supabase-anon-key",
            "supabase-publishable-key",
        ] {
            let rule = rules.iter().find(|rule| rule.id == id).unwrap_or_else(|| panic!("{id}"));
            assert_eq!(rule.level, Some(crate::model::SecretLevel::Info), "{id}");
        }
    }
}
