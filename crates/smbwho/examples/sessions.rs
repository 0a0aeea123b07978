//! Who is connected to a server, for programs: pages as they come, errors with
//! their hints.
//!
//! ```text
//! SMBWHO_PASSWORD=… cargo run --example sessions -- fs1.example.com admin
//! ```
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example")]

use futures::{StreamExt, pin_mut};
use smbwho::{Address, Error, Login, Secret, Server};

/// Prints who is connected, and gives back how many sessions there are.
pub(crate) async fn show(address: &Address, login: &Login) -> Result<usize, Error> {
    let server = Server::connect(address, login).await?;
    let pages = server.sessions().pages();
    pin_mut!(pages);
    let mut sessions = 0;
    while let Some(page) = pages.next().await {
        for session in page?.rows {
            sessions += 1;
            // What was not told is `None`; names are hostile text, and `Debug`
            // escapes what could harm a terminal.
            println!("{:?} from {:?}", session.user, session.client);
        }
    }
    Ok(sessions)
}

#[tokio::main]
#[allow(dead_code, reason = "a test runs the rest without it")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(server), Some(user)) = (arguments.next(), arguments.next()) else {
        return Err("usage: sessions SERVER USER".into());
    };
    let login = Login::Ntlm {
        domain: String::new(),
        user,
        password: Secret::new(std::env::var("SMBWHO_PASSWORD")?),
    };
    match show(&server.parse()?, &login).await {
        Ok(sessions) => println!("{sessions} sessions"),
        Err(error) => {
            eprintln!("{error}");
            if let Some(hint) = error.hint() {
                eprintln!("try: {hint}");
            }
        }
    }
    Ok(())
}
