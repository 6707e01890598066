//! Makes a [`CallError`] of any error that a method returns, by the most telling traits that its type implements.
//!
//! | called on | traits, the first that the type has |
//! |---|---|
//! | `(&&error).code()` | [`WithCode`], [`WithoutCode`] |
//! | `(&&&error).text()` | [`BoxedText`], [`ErrorText`], [`PlainText`] |
//!
//! Without specialization only method lookup can choose: it tries the receiver as it is, then with one reference less. So each trait of a
//! row is implemented for a [`Returned`] behind one reference more than the next. This works only where the type is concrete: in the shim.

use core::fmt::{Display, Write as _};
use std::error::Error;

use super::failure::Failure;
use crate::call::{CallError, ExportError, with_causes};

/// An error that a method returned.
#[derive(Debug)]
pub struct Returned<'error, E>(&'error E);

/// The method's value, or the error as `tell` makes it.
///
/// # Errors
/// The method's own.
#[inline]
pub fn returned<T, E>(result: Result<T, E>, tell: impl FnOnce(Returned<'_, E>) -> CallError) -> Result<T, Failure> {
    result.map_err(|error| Failure::Failed(tell(Returned(&error))))
}

/// An error type with codes.
pub trait WithCode {
    /// The error's code.
    fn code(&self) -> u32;
}

impl<E: ExportError> WithCode for &Returned<'_, E> {
    fn code(&self) -> u32 {
        self.0.code()
    }
}

/// An error type without codes.
pub trait WithoutCode {
    /// No code.
    fn code(&self) -> u32;
}

impl<E> WithoutCode for Returned<'_, E> {
    fn code(&self) -> u32 {
        0
    }
}

/// A boxed error, such as `Box<dyn Error>`, which doesn't implement `Error` itself.
pub trait BoxedText {
    /// The error's text and those of its causes.
    fn text(&self) -> String;
}

impl<E: Error + ?Sized> BoxedText for &&Returned<'_, Box<E>> {
    fn text(&self) -> String {
        with_causes(&**self.0)
    }
}

/// An error type with causes.
pub trait ErrorText {
    /// The error's text and those of its causes.
    fn text(&self) -> String;
}

impl<E: Error> ErrorText for &Returned<'_, E> {
    fn text(&self) -> String {
        with_causes(self.0)
    }
}

/// Any other type. The bound is the method's, so that the compiler asks for it if the type has none of these traits.
pub trait PlainText<E> {
    /// The error's text.
    fn text(&self) -> String
    where
        E: Display;
}

impl<E> PlainText<E> for Returned<'_, E> {
    fn text(&self) -> String
    where
        E: Display,
    {
        let mut text = String::new();
        // The alternate form, in which the error types of anyhow and eyre show their causes.
        let _ = write!(text, "{:#}", self.0);
        text
    }
}
