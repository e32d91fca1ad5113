//! A web server on loopback that gives out the files of a map.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use tiny_http::{Response, Server as Http};

pub(super) struct Server {
    pub url: String,
    files: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
    asked: Arc<Mutex<Vec<String>>>,
    http: Arc<Http>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub(super) fn new() -> Self {
        let http = Arc::new(Http::http("127.0.0.1:0").unwrap());
        let url = format!("http://{}", http.server_addr());
        let (files, asked) = (Arc::new(Mutex::new(BTreeMap::<String, Vec<u8>>::new())), Arc::new(Mutex::new(Vec::new())));
        let (listener, known, log) = (Arc::clone(&http), Arc::clone(&files), Arc::clone(&asked));
        let thread = thread::spawn(move || {
            for request in listener.incoming_requests() {
                log.lock().unwrap().push(request.url().to_owned());
                let found = known.lock().unwrap().get(request.url()).cloned();
                let response = match found {
                    Some(bytes) => Response::from_data(bytes),
                    None => Response::from_data("not found").with_status_code(404),
                };
                let _ = request.respond(response);
            }
        });
        Self { url, files, asked, http, thread: Some(thread) }
    }

    pub(super) fn put(&self, path: &str, bytes: &[u8]) {
        self.files.lock().unwrap().insert(path.to_owned(), bytes.to_vec());
    }

    pub(super) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.http.unblock();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
