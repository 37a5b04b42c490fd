package io.vivarium.desktop.wizard;

import io.vivarium.client.ImageInfo;
import io.vivarium.client.VmSpec.DiskSpec;
import io.vivarium.desktop.ui.Desk;
import io.vivarium.desktop.ui.Format;
import io.vivarium.desktop.ui.Icons;
import io.vivarium.desktop.ui.Nodes;
import io.vivarium.desktop.ui.Texts;
import java.nio.file.Path;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.control.Tooltip;
import javafx.scene.layout.GridPane;
import javafx.scene.layout.VBox;
import org.jspecify.annotations.Nullable;

/** What the form comes to: cost, the {@code viv} line, and the buttons. */
final class SummaryBox extends VBox {
  private final WizardForm form;
  private final Desk desk;
  private final Texts texts;
  private final Label name = Nodes.id(Nodes.paragraph("", "summary-name"), "summary-name");
  private final Label source = Nodes.label("", "fact");
  private final Label memory = Nodes.label("", "fact");
  private final Label cpus = Nodes.label("", "fact");
  private final Label disk = Nodes.id(Nodes.paragraph("", "fact"), "summary-disk");
  private final Label begin = Nodes.paragraph("", "fact");
  private final Label command = Nodes.id(Nodes.paragraph("", "command"), "wizard-command");
  private final Button createStart;
  private final Button create;
  private final Button disposable;

  SummaryBox(
      WizardForm form,
      Desk desk,
      Runnable onCreateStart,
      Runnable onCreate,
      Runnable onDisposable,
      Runnable cancel) {
    this.form = form;
    this.desk = desk;
    this.texts = desk.texts();
    getStyleClass().addAll("column", "summary");
    createStart =
        Nodes.id(
            Nodes.button(texts.get("wizard.create.start"), Icons.START, onCreateStart, "accent"),
            "wizard-create-start");
    create = Nodes.id(Nodes.button(texts.get("wizard.create"), onCreate), "wizard-create");
    disposable =
        Nodes.id(
            Nodes.button(texts.get("wizard.create.disposable"), Icons.DISPOSABLE, onDisposable),
            "wizard-create-disposable");
    disposable.setTooltip(new Tooltip(texts.get("wizard.disposable.text")));
    Button cancelButton =
        Nodes.id(Nodes.button(texts.get("verb.cancel"), cancel, "flat"), "wizard-cancel");
    for (Button button : new Button[] {createStart, disposable, create, cancelButton}) {
      button.setMaxWidth(Double.MAX_VALUE);
    }
    GridPane facts = Nodes.facts();
    facts.addRow(0, Nodes.label(texts.get("summary.source"), "muted"), source);
    facts.addRow(1, Nodes.label(texts.get("summary.memory"), "muted"), memory);
    facts.addRow(2, Nodes.label(texts.get("summary.cpus"), "muted"), cpus);
    facts.addRow(3, Nodes.label(texts.get("summary.disk"), "muted"), disk);
    facts.addRow(4, Nodes.label(texts.get("summary.start"), "muted"), begin);
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
            disposable,
            create,
            cancelButton);
  }

  void refresh(boolean complete) {
    createStart.setDisable(!complete);
    create.setDisable(!complete);
    disposable.setDisable(!complete || form.copy.get());
    name.setText(form.name.get().isEmpty() ? "…" : form.name.get());
    ImageInfo image = form.image.get();
    source.setText(
        form.ownKernel.get() ? texts.get("card.ownKernel") : image == null ? "…" : image.name());
    memory.setText(form.memoryBytes() == 0 ? "…" : Format.bytes(form.memoryBytes()));
    cpus.setText(Integer.toString(form.cpus.get()));
    disk.setText(complete ? disk() : "…");
    begin.setText(begin(image) + measured(image));
    command.setText(form.command());
  }

  /** What it takes on the host's disk, now and at most. */
  private String disk() {
    DiskSpec imported = form.imported();
    if (imported != null) {
      long bytes = Path.of(imported.file()).toFile().length();
      return texts.get("summary.disk.import", Format.bytes(bytes));
    }
    long most = 0;
    for (DiskSpec one : form.spec().disks()) {
      if (one.file().isEmpty()) {
        most += one.sizeBytes();
      } else {
        return texts.get("summary.disk.file");
      }
    }
    return most == 0
        ? texts.get("summary.disk.none")
        : texts.get("summary.disk.most", Format.bytes(most));
  }

  /** How long the last one took on this host from the click to the guest; empty while unknown. */
  private String measured(@Nullable ImageInfo image) {
    if (form.ownKernel.get() || form.copy.get() || image == null || !image.warm()) {
      return "";
    }
    long millis = desk.state().startMillis(image.name());
    return millis == 0 ? "" : " · " + texts.get("summary.measured", millis / 1000.0);
  }

  private String begin(@Nullable ImageInfo image) {
    if (form.ownKernel.get() || image == null) {
      return texts.get("summary.start.cold");
    }
    if (!image.built()) {
      return texts.get("summary.start.build");
    }
    if (form.copy.get()) {
      return texts.get("summary.start.cold");
    }
    return texts.get(image.warm() ? "summary.start.warm" : "summary.start.once");
  }
}
