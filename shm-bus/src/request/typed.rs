//! Services with declared methods: their names, arguments and results.

use std::marker::PhantomData;
use std::time::Duration;

use super::{CallError, Client, ClientCounts, Codec, Method, Response, Service, Ticket};
use crate::inbox::ReceiveError;

/// A client with a service type. Made by [`Bus::client_of`](crate::Bus::client_of).
#[derive(Debug)]
pub struct TypedClient<S> {
    client: Client,
    /// Reused buffer in which requests are encoded.
    buffer: Vec<u8>,
    service: PhantomData<fn() -> S>,
}

/// A ticket with a method type.
#[derive(Debug)]
#[must_use = "the answer can be read only with its ticket"]
pub struct TypedTicket<M> {
    ticket: Ticket,
    method: PhantomData<fn() -> M>,
}

impl<M> Clone for TypedTicket<M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M> Copy for TypedTicket<M> {}

type ResultOf<M> = <<M as Method>::Gives as Codec>::Value;
type ArgumentOf<M> = <<M as Method>::Takes as Codec>::Value;

impl<S: Service> TypedClient<S> {
    pub(super) const fn new(client: Client) -> Self {
        Self { client, buffer: Vec::new(), service: PhantomData }
    }

    /// Sends a request and waits for the answer, at most `timeout`.
    ///
    /// # Errors
    /// See [`CallError`].
    pub fn call<M: Method<Service = S>>(
        &mut self,
        argument: &ArgumentOf<M>,
        timeout: Duration,
    ) -> Result<ResultOf<M>, CallError> {
        let ticket = self.send::<M>(argument, timeout)?;
        self.finish(ticket)
    }

    /// Sends a request without waiting.
    ///
    /// # Errors
    /// See [`CallError`]; then nothing was sent.
    pub fn send<M: Method<Service = S>>(
        &mut self,
        argument: &ArgumentOf<M>,
        timeout: Duration,
    ) -> Result<TypedTicket<M>, CallError> {
        self.buffer.clear();
        M::Takes::encode(argument, &mut self.buffer)?;
        let ticket = self.client.send(M::ID, &self.buffer, timeout)?;
        Ok(TypedTicket { ticket, method: PhantomData })
    }

    /// Returns the answer to a request, if it has arrived.
    ///
    /// # Errors
    /// See [`CallError`].
    pub fn poll<M: Method<Service = S>>(&mut self, ticket: TypedTicket<M>) -> Result<Option<ResultOf<M>>, CallError> {
        self.client.poll(ticket.ticket)?.map(value::<M>).transpose()
    }

    /// Waits for the answer to a request until its deadline.
    ///
    /// # Errors
    /// See [`CallError`].
    pub fn finish<M: Method<Service = S>>(&mut self, ticket: TypedTicket<M>) -> Result<ResultOf<M>, CallError> {
        value::<M>(self.client.finish(ticket.ticket)?)
    }

    /// Like [`Client::cancel`].
    pub fn cancel<M>(&mut self, ticket: TypedTicket<M>) -> bool {
        self.client.cancel(ticket.ticket)
    }

    /// Like [`Client::wait`].
    ///
    /// # Errors
    /// See [`ReceiveError`](ReceiveError).
    pub fn wait(&mut self, timeout: Duration) -> Result<bool, ReceiveError> {
        self.client.wait(timeout)
    }

    /// Like [`Client::counts`].
    #[must_use]
    pub fn counts(&self) -> ClientCounts {
        self.client.counts()
    }

    /// The underlying untyped client.
    pub const fn untyped(&mut self) -> &mut Client {
        &mut self.client
    }
}

fn value<M: Method>(response: Response<'_>) -> Result<ResultOf<M>, CallError> {
    Ok(M::Gives::decode(response.payload)?)
}

/// Declares a service and its methods, each an empty type:
///
/// ```
/// # use shm_bus::{AsBytes, Message, service};
/// # #[derive(Clone, Copy, Message)]
/// # #[repr(C)]
/// # pub struct Item { id: u32 }
/// # #[derive(Clone, Copy, Message)]
/// # #[repr(C)]
/// # pub struct Left { count: u32 }
/// service! {
///     /// What the player carries.
///     pub Inventory("inventory") {
///         /// Takes one away.
///         Take("take"): AsBytes<Item> => AsBytes<Left>;
///         /// Throws everything away.
///         Clear("clear"): () => ();
///     }
/// }
/// ```
///
/// `AsBytes<M>` is plain data, `AsPack<T>` any serde type, `()` nothing. Servers and clients of one service must agree on names and codecs,
/// otherwise they are refused with both schemas in the error.
#[macro_export]
macro_rules! service {
    ($(#[$meta:meta])* $vis:vis $service:ident($name:literal) {
        $($(#[$method_meta:meta])* $method:ident($method_name:literal): $takes:ty => $gives:ty;)+
    }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug)]
        $vis struct $service;

        impl $crate::Service for $service {
            const NAME: &'static str = $name;
            const SCHEMA: &'static str = {
                $crate::wire::require_distinct(&[$($method_name),+]);
                const TEXT: &$crate::wire::SchemaText = &$crate::wire::SchemaText::new().text("{")
                    $(.text($method_name).text(": ").text(<$takes as $crate::Codec>::SCHEMA)
                    .text(" => ").text(<$gives as $crate::Codec>::SCHEMA).text("; "))+
                    .text("}");
                TEXT.as_str()
            };
        }

        $(
            $(#[$method_meta])*
            #[derive(Clone, Copy, Debug)]
            $vis struct $method;

            impl $crate::Method for $method {
                type Service = $service;
                type Takes = $takes;
                type Gives = $gives;
                const NAME: &'static str = $method_name;
            }
        )+
    };
}
