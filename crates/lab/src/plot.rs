//! Plots: figures as SVG, which a browser draws in its reader's colours, and as characters on a terminal.
//!
//! The same figures give the same bytes on any machine.

mod axis;
mod canvas;
mod curve;
mod figure;
mod frame;
mod picture;
mod rows;
mod svg;
mod text;

pub use axis::{Axis, Scale};
pub use curve::{Curve, Look, Point};
pub use figure::figure;
pub use picture::Picture;
pub use rows::Row;

/// Curves over two axes.
#[derive(Clone, Debug, PartialEq)]
pub struct Plot {
    /// What is shown, in some words.
    pub title: String,
    /// From left to right.
    pub x: Axis,
    /// From below.
    pub y: Axis,
    /// In the order of the legend; later ones are drawn over earlier ones.
    pub curves: Vec<Curve>,
}
