package io.vivarium.desktop.wizard;

import io.vivarium.client.ImageInfo;
import io.vivarium.desktop.ui.Desk;
import io.vivarium.desktop.ui.Format;
import io.vivarium.desktop.ui.Icons;
import io.vivarium.desktop.ui.Nodes;
import io.vivarium.desktop.ui.Texts;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.layout.GridPane;
import javafx.scene.layout.VBox;

/** What the form comes to: cost, the {@code viv} line, and the buttons. */
final class SummaryBox extends VBox {
  private final WizardForm form;
  private final Texts texts;
  private final Label name = Nodes.id(Nodes.paragraph("", "summary-name"), "summary-name");
  private final Label source = Nodes.label("", "fact");
  private final Label memory = Nodes.label("", "fact");
  private final Label cpus = Nodes.label("", "fact");
  private final Label begin = Nodes.paragraph("", "fact");
  private final Label command = Nodes.id(Nodes.paragraph("", "command"), "wizard-command");
  private final Button createStart;
  private final Button create;

  SummaryBox(
      WizardForm form, Texts texts, Runnable onCreateStart, Runnable onCreate, Runnable cancel) {
    this.form = form;
    this.texts = texts;
    getStyleClass().addAll("column", "summary");
    createStart =
        Nodes.id(
            Nodes.button(texts.get("wizard.create.start"), Icons.START, onCreateStart, "accent"),
            "wizard-create-start");
    create = Nodes.id(Nodes.button(texts.get("wizard.create"), onCreate), "wizard-create");
    Button cancelButton =
        Nodes.id(Nodes.button(texts.get("verb.cancel"), cancel, "flat"), "wizard-cancel");
    for (Button button : new Button[] {createStart, create, cancelButton}) {
      button.setMaxWidth(Double.MAX_VALUE);
    }
    GridPane facts = Nodes.facts();
    facts.addRow(0, Nodes.label(texts.get("summary.source"), "muted"), source);
    facts.addRow(1, Nodes.label(texts.get("summary.memory"), "muted"), memory);
    facts.addRow(2, Nodes.label(texts.get("summary.cpus"), "muted"), cpus);
    facts.addRow(3, Nodes.label(texts.get("summary.start"), "muted"), begin);
    getChildren()
        .addAll(
            Nodes.label(texts.get("summary.title"), "section-title"),
            name,
            facts,
            Nodes.row(
                "",
                Nodes.label(texts.get("summary.command"), "field-label"),
                Nodes.spacer(),
                Nodes.id(
                    Nodes.iconButton(
                        texts.get("summary.copy"), Icons.COPY, () -> Desk.copy(form.command())),
                    "wizard-copy")),
            command,
            Nodes.spacer(),
            createStart,
            create,
            cancelButton);
  }

  void refresh(boolean complete) {
    createStart.setDisable(!complete);
    create.setDisable(!complete);
    name.setText(form.name.get().isEmpty() ? "…" : form.name.get());
    ImageInfo image = form.image.get();
    source.setText(
        form.ownKernel.get() ? texts.get("card.ownKernel") : image == null ? "…" : image.name());
    memory.setText(form.memoryBytes() == 0 ? "…" : Format.bytes(form.memoryBytes()));
    cpus.setText(Integer.toString(form.cpus.get()));
    begin.setText(begin(image));
    command.setText(form.command());
  }

  private String begin(ImageInfo image) {
    if (form.ownKernel.get() || image == null) {
      return texts.get("summary.start.cold");
    }
    if (!image.built()) {
      return texts.get("summary.start.build");
    }
    return texts.get(image.warm() ? "summary.start.warm" : "summary.start.once");
  }
}
