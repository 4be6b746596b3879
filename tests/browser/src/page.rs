//! What is seen of the page, and how it is asked for.

use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Document, Element, Event, HtmlInputElement, UrlSearchParams};

/// The document of `index.html` and the query of its address.
#[derive(Clone)]
pub(crate) struct Page {
    document: Document,
    query: UrlSearchParams,
}

impl Page {
    /// The page that this runs in. From now on a panic is told on its console.
    pub(crate) fn new() -> Self {
        std::panic::set_hook(Box::new(|panic| {
            web_sys::console::error_1(&JsValue::from(panic.to_string()));
        }));
        let window = web_sys::window().expect("a page");
        let query = window.location().search().expect("an address");
        let query = UrlSearchParams::new_with_str(&query).expect("a query");
        Self { document: window.document().expect("a document"), query }
    }

    /// A value of the query; empty without.
    pub(crate) fn asked(&self, name: &str) -> String {
        self.query.get(name).unwrap_or_default()
    }

    /// Shows who is here.
    pub(crate) fn who(&self, text: &str) {
        self.part("who").set_text_content(Some(text));
    }

    /// Shows how the connection is, and adds it to the list of what it was.
    pub(crate) fn state(&self, text: &str) {
        self.part("state").set_text_content(Some(text));
        self.add("states", text);
    }

    /// Adds a line to a list.
    pub(crate) fn add(&self, list: &str, text: &str) -> Element {
        let line = self.document.create_element("li").expect("an element");
        line.set_text_content(Some(text));
        self.part(list).append_child(&line).expect("a child");
        line
    }

    /// Calls back with what is written into the field and sent.
    pub(crate) fn on_say(&self, mut say: impl FnMut(String) + 'static) {
        let field: HtmlInputElement = self.part("text").unchecked_into();
        let submit = Closure::<dyn FnMut(Event)>::new(move |event: Event| {
            event.prevent_default();
            say(field.value());
            field.set_value("");
        });
        let form = self.part("say");
        form.add_event_listener_with_callback("submit", submit.as_ref().unchecked_ref()).expect("a listener");
        // For as long as the page is there.
        submit.forget();
    }

    /// Calls back when somebody leaves.
    pub(crate) fn on_leave(&self, leave: impl FnMut() + 'static) {
        let click = Closure::<dyn FnMut()>::new(leave);
        let button = self.part("leave");
        button.add_event_listener_with_callback("click", click.as_ref().unchecked_ref()).expect("a listener");
        click.forget();
    }

    fn part(&self, id: &str) -> Element {
        self.document.get_element_by_id(id).expect("a part of index.html")
    }
}
