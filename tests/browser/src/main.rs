//! A page with one room of a chat: the client of browsers as its tests see it. `cargo xtask wasm` opens it in Chromium.

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod page;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod raw;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod room;

/// Where the browser begins.
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
fn main() {
    let page = page::Page::new();
    wasm_bindgen_futures::spawn_local(async move {
        let over = match &*page.asked("mode") {
            "listen" => raw::listen(&page).await,
            "flood" => raw::flood(&page).await,
            _ => room::chat(&page).await,
        };
        page.state(&over.unwrap_or_else(|error| format!("ended: {error}")));
    });
}

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
fn main() {
    eprintln!("this is a page: cargo xtask wasm opens it in a browser");
}
