//! Questions. Default No; nobody there to ask means no, and says so.

use std::collections::VecDeque;

use dialoguer::theme::ColorfulTheme;
use dialoguer::{Confirm, Input};

use super::{Ui, Verbosity, printable, style};
use crate::error::{Error, Result};

/// Who answers questions.
pub enum Interaction {
    /// Somebody at a terminal.
    Terminal,
    /// A test, with its answers in order.
    Scripted(VecDeque<String>),
    /// Nobody.
    Absent,
}

impl Ui {
    /// Asks for a yes, at any verbosity; the default is a no. `Ok(false)` is a no.
    ///
    /// # Errors
    /// [`Error::Unconfirmed`] when nobody is there to ask.
    pub fn confirm(&self, question: &str) -> Result<bool> {
        self.clear_transient();
        match &mut *self.interaction.borrow_mut() {
            Interaction::Absent => Err(Error::Unconfirmed { question: question.to_owned() }),
            Interaction::Scripted(answers) => {
                let answer = answers.pop_front().unwrap_or_default();
                self.err(&format!("  {} [y/N] {answer}", printable(question)));
                Ok(matches!(answer.as_str(), "y" | "yes"))
            }
            Interaction::Terminal => {
                // A prompt longer than a line is drawn twice, so the long part stands above it.
                self.badge(Verbosity::Quiet, style::WARN, question);
                Confirm::with_theme(&ColorfulTheme::default())
                    .with_prompt("Go on?")
                    .default(false)
                    .interact()
                    .map_err(|_| Error::Cancelled)
            }
        }
    }

    /// Asks for a value; `None` when nobody is there to ask.
    ///
    /// # Errors
    /// [`Error::Cancelled`] when the question is broken off.
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
