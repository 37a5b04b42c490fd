package io.vivarium.desktop.wizard;

import io.vivarium.desktop.ui.Icons;
import io.vivarium.desktop.ui.Nodes;
import io.vivarium.desktop.ui.Texts;
import java.io.File;
import javafx.scene.Node;
import javafx.scene.control.CheckBox;
import javafx.scene.control.Label;
import javafx.scene.control.TextField;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.VBox;
import javafx.stage.FileChooser;

/** A disk more, the network, and the ports of the host that lead into it. */
final class DeviceChooser extends VBox {
  private final TextField disk = Nodes.id(new TextField(), "wizard-disk");
  private final FieldBox diskBox;
  private final FieldBox portsBox;

  /**
   * @param importing whether the page is about a disk that is imported: its box stands elsewhere
   */
  DeviceChooser(WizardForm form, boolean importing, Texts texts) {
    getStyleClass().addAll("column", "fields");
    disk.setPromptText(texts.get(importing ? "wizard.import.prompt" : "wizard.disk.prompt"));
    disk.textProperty().bindBidirectional(form.disk);
    HBox.setHgrow(disk, Priority.ALWAYS);
    diskBox =
        new FieldBox(
            "wizard-disk",
            texts.get(importing ? "wizard.import" : "wizard.disk"),
            Nodes.column(
                "field",
                Nodes.row(
                    "", disk, Nodes.button(texts.get("wizard.browse"), Icons.FOLDER, this::browse)),
                copy(form, importing, texts)));
    CheckBox network = Nodes.id(new CheckBox(texts.get("wizard.network")), "wizard-network");
    network.selectedProperty().bindBidirectional(form.network);
    TextField ports = Nodes.id(new TextField(), "wizard-ports");
    ports.setPromptText(texts.get("wizard.ports.prompt"));
    ports.textProperty().bindBidirectional(form.ports);
    ports.disableProperty().bind(form.network.not());
    portsBox = new FieldBox("wizard-ports", texts.get("wizard.ports"), ports);
    if (!importing) {
      getChildren().add(diskBox);
    }
    getChildren()
        .addAll(
            Nodes.column(
                "field",
                network,
                Nodes.paragraph(texts.get("wizard.network.text"), "muted", "small-text")),
            portsBox);
  }

  /** Whether a file is copied; and what becomes of the disk, which says what it cannot do yet. */
  private static Node copy(WizardForm form, boolean importing, Texts texts) {
    CheckBox copy = Nodes.id(new CheckBox(texts.get("wizard.import.copy")), "wizard-copy-disk");
    copy.selectedProperty().bindBidirectional(form.copy);
    Label text = Nodes.id(Nodes.paragraph("", "muted", "small-text"), "wizard-import-text");
    form.ownKernel.subscribe(
        own -> text.setText(texts.get(own ? "wizard.import.own" : "wizard.import.image")));
    form.copy.subscribe(copied -> Nodes.visible(text, copied));
    VBox box = Nodes.column("field", copy, text);
    if (!importing) {
      form.disk.subscribe(typed -> Nodes.visible(box, typed.contains("/")));
    }
    return box;
  }

  private void browse() {
    File chosen = new FileChooser().showOpenDialog(getScene().getWindow());
    if (chosen != null) {
      disk.setText(chosen.getAbsolutePath());
    }
  }

  /** The disk, where it is what the page is about. */
  Node diskBox() {
    return diskBox;
  }

  void focusDisk() {
    disk.requestFocus();
  }

  void showProblems(String diskProblem, String ports) {
    diskBox.show(diskProblem);
    portsBox.show(ports);
  }
}
