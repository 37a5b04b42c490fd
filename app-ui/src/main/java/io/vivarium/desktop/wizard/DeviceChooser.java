package io.vivarium.desktop.wizard;

import io.vivarium.desktop.ui.Nodes;
import io.vivarium.desktop.ui.Texts;
import javafx.scene.control.CheckBox;
import javafx.scene.control.TextField;
import javafx.scene.layout.VBox;

/** A disk more, the network, and the ports of the host that lead into it. */
final class DeviceChooser extends VBox {
  private final FieldBox diskBox;
  private final FieldBox portsBox;

  DeviceChooser(WizardForm form, Texts texts) {
    getStyleClass().addAll("column", "fields");
    TextField disk = Nodes.id(new TextField(), "wizard-disk");
    disk.setPromptText(texts.get("wizard.disk.prompt"));
    disk.textProperty().bindBidirectional(form.disk);
    diskBox = new FieldBox("wizard-disk", texts.get("wizard.disk"), disk);
    CheckBox network = Nodes.id(new CheckBox(texts.get("wizard.network")), "wizard-network");
    network.selectedProperty().bindBidirectional(form.network);
    TextField ports = Nodes.id(new TextField(), "wizard-ports");
    ports.setPromptText(texts.get("wizard.ports.prompt"));
    ports.textProperty().bindBidirectional(form.ports);
    ports.disableProperty().bind(form.network.not());
    portsBox = new FieldBox("wizard-ports", texts.get("wizard.ports"), ports);
    getChildren()
        .addAll(
            diskBox,
            Nodes.column(
                "field",
                network,
                Nodes.paragraph(texts.get("wizard.network.text"), "muted", "small-text")),
            portsBox);
  }

  void showProblems(String disk, String ports) {
    diskBox.show(disk);
    portsBox.show(ports);
  }
}
