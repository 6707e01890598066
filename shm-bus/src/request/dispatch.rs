//! Serves a request by type: runs the first method that matches.

use std::fmt::Display;

use super::{Codec, Method, ReplyError, Request};
use crate::wire::Status;

/// Serves a request with the first of the given methods that matches. Made by [`Request::dispatch`].
#[derive(Debug)]
#[must_use = "`done` answers a request that no method took"]
pub struct Dispatch<'a> {
    state: State<'a>,
}

#[derive(Debug)]
enum State<'a> {
    Open(Request<'a>),
    Answered(Result<(), ReplyError>),
}

impl<'a> Request<'a> {
    /// Serves it by its service's declaration: `request.dispatch().on::<Take>(|item| …).on::<Count>(|()| …).done()`.
    pub const fn dispatch(self) -> Dispatch<'a> {
        Dispatch { state: State::Open(self) }
    }
}

impl<'a> Dispatch<'a> {
    /// Runs `method` if it is the requested one. An error that it returns goes to the client as [`Status::Application`].
    pub fn on<M: Method>(
        self,
        method: impl FnOnce(<M::Takes as Codec>::Value) -> Result<<M::Gives as Codec>::Value, String>,
    ) -> Self {
        let State::Open(request) = self.state else { return self };
        if request.method() != M::ID {
            return Self { state: State::Open(request) };
        }
        let argument = match M::Takes::decode(request.payload()) {
            Ok(argument) => argument,
            Err(error) => return Self::refused(request, Status::Malformed, &error),
        };
        let result = match method(argument) {
            Ok(result) => result,
            Err(reason) => return Self::refused(request, Status::Application, &reason),
        };
        Self { state: State::Answered(request.reply_value::<M::Gives>(&result)) }
    }

    /// Refuses a request that no method took; returns whether the answer was sent.
    ///
    /// # Errors
    /// See [`ReplyError`].
    pub fn done(self) -> Result<(), ReplyError> {
        match self.state {
            State::Open(request) => request.refuse(Status::NoSuchMethod, ""),
            State::Answered(outcome) => outcome,
        }
    }

    fn refused(request: Request<'a>, status: Status, reason: &dyn Display) -> Self {
        Self { state: State::Answered(request.refuse(status, &reason.to_string())) }
    }
}
