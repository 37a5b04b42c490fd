package io.vivarium.desktop.wizard;

import io.vivarium.client.Sizes;
import io.vivarium.desktop.model.HostLimits;
import io.vivarium.desktop.ui.Nodes;
import io.vivarium.desktop.ui.Texts;
import javafx.scene.Node;
import javafx.scene.control.Label;
import javafx.scene.control.Slider;
import javafx.scene.control.TextField;
import javafx.scene.control.ToggleButton;
import javafx.scene.control.ToggleGroup;
import javafx.scene.layout.FlowPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;

/** Memory and CPUs: sliders that end where the host ends, and a field for exact sizes. */
final class SizeChooser extends VBox {
  /** Memory sizes on the slider are powers of two between these, and the host's most. */
  private static final long FIRST_STEP = 128L << 20;

  private final WizardForm form;
  private final HostLimits limits;
  private final FieldBox memoryBox;
  private final FieldBox cpusBox;
  private final long[] steps;
  private boolean sliding;

  SizeChooser(WizardForm form, HostLimits limits, Texts texts) {
    this.form = form;
    this.limits = limits;
    this.steps = steps(limits.maxMemoryBytes());
    getStyleClass().addAll("column", "fields");
    memoryBox = new FieldBox("wizard-memory", texts.get("wizard.memory"), memory());
    cpusBox = new FieldBox("wizard-cpus", texts.get("wizard.cpus"), cpus());
    getChildren().addAll(presets(texts), memoryBox, cpusBox);
  }

  /** Small, medium, large: what fits most, within what the host has. */
  private Node presets(Texts texts) {
    // Where they have no room beside one another the last ones go below.
    FlowPane row = new FlowPane();
    ToggleGroup group = new ToggleGroup();
    for (Preset preset : Preset.values()) {
      long memory = Math.min(preset.memory, limits.maxMemoryBytes());
      int cpus = Math.min(preset.cpus, limits.maxCpus());
      ToggleButton button =
          Nodes.id(
              new ToggleButton(
                  texts.get(
                      "wizard.size." + preset, io.vivarium.desktop.ui.Format.bytes(memory), cpus)),
              "wizard-size-" + preset.name().toLowerCase(java.util.Locale.ROOT));
      button.setMinWidth(Region.USE_PREF_SIZE);
      button.setToggleGroup(group);
      button
          .getStyleClass()
          .add(
              switch (preset) {
                case S -> "left-pill";
                case M -> "center-pill";
                case L -> "right-pill";
              });
      button.setOnAction(
          e -> {
            form.memory.set(Sizes.typed(memory));
            form.cpus.set(cpus);
            button.setSelected(true);
          });
      Runnable follow =
          () -> button.setSelected(form.memoryBytes() == memory && form.cpus.get() == cpus);
      form.memory.subscribe(follow);
      form.cpus.subscribe(follow);
      follow.run();
      row.getChildren().add(button);
    }
    return row;
  }

  private enum Preset {
    S(256L << 20, 1),
    M(1L << 30, 2),
    L(4L << 30, 4);

    private final long memory;
    private final int cpus;

    Preset(long memory, int cpus) {
      this.memory = memory;
      this.cpus = cpus;
    }
  }

  private static long[] steps(long most) {
    var all = new java.util.ArrayList<Long>();
    for (long step = FIRST_STEP; step < most; step *= 2) {
      all.add(step);
    }
    all.add(most);
    return all.stream().mapToLong(Long::longValue).toArray();
  }

  private Node memory() {
    Slider slider = Nodes.id(new Slider(0, steps.length - 1, 0), "wizard-memory-slider");
    slider.setMajorTickUnit(1);
    slider.setMinorTickCount(0);
    slider.setSnapToTicks(true);
    slider.setBlockIncrement(1);
    HBox.setHgrow(slider, Priority.ALWAYS);
    TextField field = Nodes.id(new TextField(), "wizard-memory");
    field.setPrefColumnCount(6);
    field.textProperty().bindBidirectional(form.memory);
    slider
        .valueProperty()
        .subscribe(
            value -> {
              if (slider.isFocused() || slider.isValueChanging()) {
                sliding = true;
                form.memory.set(Sizes.typed(steps[(int) Math.round(value.doubleValue())]));
                sliding = false;
              }
            });
    form.memory.subscribe(
        text -> {
          if (!sliding) {
            slider.setValue(nearest(form.memoryBytes()));
          }
        });
    return Nodes.row("", slider, field);
  }

  private int nearest(long bytes) {
    int best = 0;
    for (int i = 0; i < steps.length; i++) {
      if (steps[i] <= bytes) {
        best = i;
      }
    }
    return best;
  }

  private Node cpus() {
    Slider slider = Nodes.id(new Slider(1, limits.maxCpus(), 1), "wizard-cpus");
    slider.setMajorTickUnit(1);
    slider.setMinorTickCount(0);
    slider.setSnapToTicks(true);
    slider.setBlockIncrement(1);
    slider.setDisable(limits.maxCpus() == 1);
    HBox.setHgrow(slider, Priority.ALWAYS);
    Label value = Nodes.label("", "slider-value");
    slider
        .valueProperty()
        .subscribe(number -> form.cpus.set((int) Math.round(number.doubleValue())));
    form.cpus.subscribe(
        number -> {
          slider.setValue(number.intValue());
          value.setText(number.toString());
        });
    return Nodes.row("", slider, value);
  }

  void showProblems(String memory, String cpus) {
    memoryBox.show(memory);
    cpusBox.show(cpus);
  }
}
