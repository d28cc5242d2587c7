from nominima.drawing.names import in_short, with_model

ADAM = ", adam, fixed rate"


def test_names_are_grouped_by_data_and_noise_and_what_most_have_goes_without_saying():
    names = [f"a, noise 0.0, {model}{ADAM}" for model in ("cnn", "mlp")] + ["a, noise 0.0, mlp, momentum, fixed rate"]
    names += [f"b, noise 0.2, 40 examples, {model}{ADAM}" for model in ("cnn", "mlp")]
    short = in_short(names)
    assert list(short.groups.values()) == ["a, noise 0.0"] * 3 + ["b, noise 0.2"] * 2
    assert list(short.labels.values()) == ["cnn", "mlp", "mlp, momentum", "cnn", "mlp"]
    assert short.everywhere == "adam, fixed rate"
    assert short.usual == {"a, noise 0.0": "", "b, noise 0.2": "40 examples"}


def test_words_to_keep_are_kept_and_labels_stay_different():
    names = [f"a, noise 0.0, mlp, {rate}" for rate in ("fixed rate", "tuned rate")] + ["a, noise 0.0, cnn, fixed rate"]
    assert list(in_short(names, {"mlp", "cnn"}).labels.values()) == ["mlp", "mlp, tuned rate", "cnn"]
    alone = in_short(["a, noise 0.0, mlp"])
    assert alone.labels == {"a, noise 0.0, mlp": "mlp"}, "no label is empty"


def test_a_word_that_alone_tells_two_apart_is_told():
    names = [f"a, noise 0.0, {rest}" for rest in ("cnn", "cnn, deep", "mlp, deep")]
    assert list(in_short(names).labels.values()) == ["cnn", "cnn, deep", "mlp, deep"]


def test_names_of_data_and_noise_alone_or_of_neither_are_labels():
    for names in (["a, noise 0.0", "a, noise 0.2"], ["gaussian", "lognormal"], ["all"]):
        short = in_short(names)
        assert list(short.labels) == list(short.labels.values()) == names
        assert set(short.groups.values()) == {""}


def test_a_name_that_is_its_group_stands_under_it_by_that_name():
    short = in_short(["a, noise 0.0", "a, noise 0.0, cnn"])
    assert list(short.labels.values()) == ["a, noise 0.0", "cnn"]


def test_a_family_is_named_where_another_knob_tells_the_cells_apart():
    assert with_model("digits, noise 0.0, 1500 steps", "cnn") == "digits, noise 0.0, cnn, 1500 steps"
    assert with_model("digits, noise 0.0, mlp, adam", "mlp") == "digits, noise 0.0, mlp, adam"
    assert with_model("1500 steps", "cnn") == "cnn, 1500 steps"
    assert with_model("exponential", None) == "exponential"
