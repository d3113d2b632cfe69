//! Questions. The default is no; without a terminal a question is an error.

use std::collections::VecDeque;

use dialoguer::Input;
use dialoguer::theme::ColorfulTheme;

use super::{Ui, Verbosity, printable, style};
use crate::error::{Error, Result};

/// Where answers come from.
pub enum Interaction {
    /// A terminal.
    Terminal,
    /// A test, with its answers in order.
    Scripted(VecDeque<String>),
    /// No terminal.
    Absent,
}

impl Ui {
    /// Asks for a yes, at any verbosity. Returns whether the answer, a whole line, is `y` or `yes`.
    ///
    /// # Errors
    /// [`Error::Unconfirmed`] without a terminal, [`Error::Cancelled`] if the question is interrupted.
    pub fn confirm(&self, question: &str) -> Result<bool> {
        let answer = self.line(question, "Continue? [y/N]", "[y/N]")?;
        Ok(["y", "yes"].iter().any(|yes| answer.eq_ignore_ascii_case(yes)))
    }

    /// Asks for the name of a production database, at any verbosity. Returns whether the answer is that name.
    ///
    /// # Errors
    /// Those of [`Ui::confirm`].
    pub fn confirm_by_name(&self, question: &str, name: &str) -> Result<bool> {
        let prompt = format!("Type the name of the database, {}, to continue:", printable(name));
        Ok(self.line(&format!("PRODUCTION: {question}"), &prompt, &prompt)? == name)
    }

    /// Asks a question that is answered with a line, on a terminal after `prompt`.
    fn line(&self, question: &str, prompt: &str, scripted: &str) -> Result<String> {
        self.clear_transient();
        match &mut *self.interaction.borrow_mut() {
            Interaction::Absent => Err(Error::Unconfirmed { question: question.to_owned() }),
            Interaction::Scripted(answers) => {
                let answer = answers.pop_front().unwrap_or_default();
                self.err(&format!("  {} {scripted} {answer}", printable(question)));
                Ok(answer.trim().to_owned())
            }
            Interaction::Terminal => {
                // A prompt longer than a line is drawn twice, so the long part is a line of its own.
                self.badge(Verbosity::Quiet, style::WARN, question);
                discard_typed_ahead();
                let input = Input::<String>::with_theme(&Unmarked).with_prompt(format!("  {prompt}")).allow_empty(true);
                let answer = input.interact_text().map_err(|_| Error::Cancelled)?;
                Ok(answer.trim().to_owned())
            }
        }
    }

    /// Asks for a value; `None` without a terminal.
    ///
    /// # Errors
    /// [`Error::Cancelled`] if the question is interrupted.
    pub fn ask(&self, question: &str) -> Result<Option<String>> {
        self.clear_transient();
        match &mut *self.interaction.borrow_mut() {
            Interaction::Absent => Ok(None),
            Interaction::Scripted(answers) => {
                let answer = answers.pop_front();
                self.err(&format!("  {question} {}", answer.as_deref().unwrap_or_default()));
                Ok(answer)
            }
            Interaction::Terminal => Input::with_theme(&ColorfulTheme::default())
                .with_prompt(question)
                .interact_text()
                .map(Some)
                .map_err(|_| Error::Cancelled),
        }
    }
}

/// A prompt as it is, without a mark that would say again that it is a question.
struct Unmarked;

impl dialoguer::theme::Theme for Unmarked {
    fn format_input_prompt(
        &self,
        f: &mut dyn std::fmt::Write,
        prompt: &str,
        _default: Option<&str>,
    ) -> std::fmt::Result {
        write!(f, "{prompt} ")
    }

    fn format_input_prompt_selection(
        &self,
        f: &mut dyn std::fmt::Write,
        prompt: &str,
        selected: &str,
    ) -> std::fmt::Result {
        write!(f, "{prompt} {}", printable(selected))
    }
}

/// Discards what was typed before the question was shown: it was meant for something else.
#[cfg(unix)]
fn discard_typed_ahead() {
    // Standard input that is no terminal has nothing to discard.
    let _ = rustix::termios::tcflush(std::io::stdin(), rustix::termios::QueueSelector::IFlush);
}

#[cfg(not(unix))]
fn discard_typed_ahead() {}
