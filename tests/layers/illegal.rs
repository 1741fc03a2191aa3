//! Impossible shapes are errors with numbers, never a panic.

use proptest::prelude::*;
use residual::layer::{Cell, Image, RecurrentCell, Sequence};
use residual::{AvgPool2d, Conv2d, Error, Layer, LayerNorm, Layout, MaxPool2d, Recurrent};

const IMAGE: Image = Image { channels: 2, height: 5, width: 4 };

fn error<L: Layer<f64>>(layer: &L) -> String {
    let error = layer.check().unwrap_err();
    // Counting must not overflow either.
    let _ = (layer.inputs(), layer.outputs(), Layout::of::<f64, L>(layer).len());
    error.to_string()
}

#[test]
fn convolution() {
    let message = error(&Conv2d::new(IMAGE, 3, (6, 2)));
    assert_eq!(message, "height of the padded image, at least the reach of the window, should be 6, found 5");
    let message = error(&Conv2d::new(IMAGE, 3, (2, 3)).dilation((1, 4)).padding((0, 2)));
    assert_eq!(message, "width of the padded image, at least the reach of the window, should be 9, found 8");
    assert_eq!(error(&Conv2d::new(IMAGE, 0, (2, 2))), "filters of a convolution must be at least 1");
    for layer in [
        Conv2d::new(Image { channels: 0, ..IMAGE }, 1, (1, 1)),
        Conv2d::new(Image { height: 0, ..IMAGE }, 1, (1, 1)),
        Conv2d::new(Image { width: 0, ..IMAGE }, 1, (1, 1)),
        Conv2d::new(IMAGE, 1, (0, 1)),
        Conv2d::new(IMAGE, 1, (1, 0)),
        Conv2d::new(IMAGE, 1, (1, 1)).stride((0, 1)),
        Conv2d::new(IMAGE, 1, (1, 1)).stride((1, 0)),
        Conv2d::new(IMAGE, 1, (1, 1)).dilation((0, 1)),
        Conv2d::new(IMAGE, 1, (1, 1)).dilation((1, 0)),
    ] {
        assert!(error(&layer).ends_with("must be at least 1"), "{}", error(&layer));
    }
    for layer in [
        Conv2d::new(Image { channels: usize::MAX, height: 3, width: 2 }, 1, (1, 1)),
        Conv2d::new(IMAGE, usize::MAX, (2, 2)),
        Conv2d::new(IMAGE, 2, (2, 2)).padding((usize::MAX, 0)),
        Conv2d::new(IMAGE, 2, (2, 2)).dilation((usize::MAX, 1)),
        Conv2d::new(IMAGE, 2, (usize::MAX, 2)),
        Conv2d::new(IMAGE, 1 << (usize::BITS - 24), (2, 2)).padding((1 << 20, 1 << 20)),
    ] {
        error(&layer);
    }
}

#[test]
fn pooling() {
    assert!(error(&MaxPool2d::new(IMAGE, (2, 5))).ends_with("should be 5, found 4"));
    assert!(error(&AvgPool2d::new(IMAGE, (7, 1))).ends_with("should be 7, found 5"));
    assert!(error(&MaxPool2d::new(IMAGE, (0, 1))).ends_with("at least 1"));
    assert!(error(&AvgPool2d::new(IMAGE, (2, 2)).stride((1, 0))).ends_with("at least 1"));
}

#[test]
fn recurrence() {
    let sequence = Sequence { steps: 3, features: 2 };
    assert_eq!(error(&Recurrent::new(Cell::Gru, sequence, 0)), "hidden units of a recurrent layer must be at least 1");
    let none = Sequence { steps: 0, ..sequence };
    assert_eq!(error(&Recurrent::new(Cell::Gru, none, 2)), "steps of a sequence must be at least 1");
    let none = Sequence { features: 0, ..sequence };
    assert_eq!(error(&Recurrent::new(Cell::Lstm, none, 2)), "features of a sequence must be at least 1");
    error(&Recurrent::new(Cell::Lstm, sequence, usize::MAX).every_step());
    error(&Recurrent::new(Cell::Tanh, Sequence { steps: usize::MAX, features: usize::MAX }, 2).with_lengths());
    error(&RecurrentCell::new(Cell::Lstm, 2, usize::MAX / 2));
    error(&LayerNorm::new(0));
    error(&LayerNorm::new(usize::MAX));
}

#[test]
fn parts_that_do_not_meet() {
    let conv = Conv2d::new(IMAGE, 3, (2, 2));
    let network = (conv, MaxPool2d::new(IMAGE, (2, 2)));
    let found = Layer::<f64>::check(&network);
    assert_eq!(found, Err(Error::Shape { what: "inputs of the next layer", expected: 36, found: 40 }));
}

proptest! {
    #[test]
    fn no_shape_panics(
        sizes in prop::collection::vec(prop_oneof![0..6usize, Just(usize::MAX), Just(1 << (usize::BITS / 2 + 1)), any::<usize>()], 12),
        cell in prop_oneof![Just(Cell::Tanh), Just(Cell::Gru), Just(Cell::Lstm)],
    ) {
        let image = Image { channels: sizes[0], height: sizes[1], width: sizes[2] };
        let conv = Conv2d::new(image, sizes[3], (sizes[4], sizes[5]))
            .stride((sizes[6], sizes[7])).padding((sizes[8], sizes[9])).dilation((sizes[10], sizes[11]));
        let pool = MaxPool2d::new(image, (sizes[4], sizes[5])).stride((sizes[6], sizes[7]));
        let sequence = Sequence { steps: sizes[0], features: sizes[1] };
        let recurrent = Recurrent::new(cell, sequence, sizes[2]).with_lengths().every_step();
        let network = ((conv, pool), recurrent);
        let _ = Layer::<f64>::check(&network);
        for (inputs, outputs, check) in [
            (Layer::<f64>::inputs(&conv), Layer::<f64>::outputs(&conv), Layer::<f64>::check(&conv)),
            (Layer::<f64>::inputs(&pool), Layer::<f64>::outputs(&pool), Layer::<f64>::check(&pool)),
            (Layer::<f64>::inputs(&recurrent), Layer::<f64>::outputs(&recurrent), Layer::<f64>::check(&recurrent)),
        ] {
            prop_assert!(check.is_err() || (inputs > 0 && outputs > 0 && inputs.max(outputs) < usize::MAX / 2));
        }
        let _ = Layout::of::<f64, _>(&network).len();
    }
}
