package io.vivarium.desktop.wizard;

import io.vivarium.client.ImageInfo;
import io.vivarium.desktop.ui.Icons;
import io.vivarium.desktop.ui.Nodes;
import io.vivarium.desktop.ui.Texts;
import java.io.File;
import java.util.List;
import javafx.scene.Node;
import javafx.scene.control.Label;
import javafx.scene.control.TextField;
import javafx.scene.control.TitledPane;
import javafx.scene.control.ToggleButton;
import javafx.scene.control.ToggleGroup;
import javafx.scene.layout.FlowPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;
import javafx.stage.FileChooser;
import org.jspecify.annotations.Nullable;

/** The first question of the wizard: an image of the gallery, or files of one's own. */
final class SourceChooser extends VBox {
  private final WizardForm form;
  private final Texts texts;
  private final FlowPane gallery = new FlowPane();
  private final ToggleGroup images = new ToggleGroup();
  private final FieldBox imageBox;
  final FieldBox kernelBox;
  final FieldBox initrdBox;
  private final VBox ownFields;
  private final TitledPane advanced;

  SourceChooser(WizardForm form, Texts texts) {
    this.form = form;
    this.texts = texts;
    getStyleClass().addAll("column", "field-group");
    gallery.getStyleClass().add("gallery");
    gallery.setId("wizard-gallery");
    gallery.getChildren().setAll(Nodes.label(texts.get("wizard.image.loading"), "muted"));
    imageBox = new FieldBox("wizard-image", texts.get("wizard.image"), gallery);
    kernelBox =
        new FieldBox(
            "wizard-kernel",
            texts.get("wizard.kernel"),
            file("wizard-kernel", "wizard.kernel.prompt", form.kernel));
    initrdBox =
        new FieldBox(
            "wizard-initrd",
            texts.get("wizard.initrd"),
            file("wizard-initrd", "wizard.initrd.prompt", form.initrd));
    TextField cmdline = Nodes.id(new TextField(), "wizard-cmdline");
    cmdline.setPromptText("console=ttyS0");
    cmdline.textProperty().bindBidirectional(form.cmdline);
    ownFields = Nodes.column("fields", kernelBox, initrdBox);
    advanced =
        new TitledPane(
            texts.get("wizard.advanced"),
            new FieldBox("wizard-cmdline", texts.get("wizard.cmdline"), cmdline));
    advanced.setExpanded(false);
    advanced.setId("wizard-advanced");
    getChildren().addAll(switcher(), imageBox, ownFields);
    form.ownKernel.subscribe(this::showSource);
    images
        .selectedToggleProperty()
        .subscribe(
            toggle -> {
              if (toggle != null) {
                form.image.set((ImageInfo) toggle.getUserData());
              }
            });
  }

  /** What few need, folded: only an own kernel has such. */
  Node advanced() {
    return advanced;
  }

  private Node switcher() {
    ToggleGroup sources = new ToggleGroup();
    ToggleButton ready = source("wizard-source-image", "wizard.source.image", sources, false);
    ToggleButton own = source("wizard-source-own", "wizard.source.own", sources, true);
    ready.getStyleClass().add("left-pill");
    own.getStyleClass().add("right-pill");
    return new HBox(ready, own);
  }

  private ToggleButton source(String id, String key, ToggleGroup group, boolean ownKernel) {
    ToggleButton button = Nodes.id(new ToggleButton(texts.get(key)), id);
    button.setToggleGroup(group);
    button.setOnAction(
        e -> {
          button.setSelected(true);
          form.ownKernel.set(ownKernel);
        });
    form.ownKernel.subscribe(own -> button.setSelected(own == ownKernel));
    return button;
  }

  private void showSource(boolean own) {
    Nodes.visible(imageBox, !own);
    Nodes.visible(ownFields, own);
    Nodes.visible(advanced, own);
  }

  private Node file(String id, String promptKey, javafx.beans.property.StringProperty value) {
    TextField field = Nodes.id(new TextField(), id);
    field.setPromptText(texts.get(promptKey));
    field.textProperty().bindBidirectional(value);
    HBox.setHgrow(field, Priority.ALWAYS);
    return Nodes.row(
        "", field, Nodes.button(texts.get("wizard.browse"), Icons.FOLDER, () -> browse(field)));
  }

  private void browse(TextField field) {
    FileChooser chooser = new FileChooser();
    File chosen = chooser.showOpenDialog(field.getScene().getWindow());
    if (chosen != null) {
      field.setText(chosen.getAbsolutePath());
    }
  }

  /** Fills the gallery and chooses the wanted image, or the first. */
  void show(List<ImageInfo> all, @Nullable String wanted) {
    gallery.getChildren().clear();
    for (ImageInfo image : all) {
      ToggleButton card = card(image);
      gallery.getChildren().add(card);
      if (image.name().equals(wanted) || (wanted == null && image.equals(all.getFirst()))) {
        card.setSelected(true);
      }
    }
    if (images.getSelectedToggle() == null && !all.isEmpty()) {
      images.selectToggle(images.getToggles().getFirst());
    }
  }

  private ToggleButton card(ImageInfo image) {
    String state =
        image.warm()
            ? "images.state.warm"
            : image.built() ? "images.state.built" : "images.state.recipe";
    Label stateChip = Nodes.label(texts.get(state), "chip");
    stateChip.setMinWidth(Region.USE_PREF_SIZE);
    Label description = Nodes.paragraph(image.description(), "muted", "small-text");
    ToggleButton card = new ToggleButton();
    card.setGraphic(
        Nodes.column(
            "gallery-words",
            Nodes.row(
                "",
                Icons.of(Icons.IMAGES),
                Nodes.label(image.name(), "image-name"),
                Nodes.spacer(),
                stateChip),
            description));
    card.setId("image-" + image.name());
    card.setAccessibleText(image.name() + ". " + image.description());
    card.setUserData(image);
    card.setToggleGroup(images);
    card.getStyleClass().add("gallery-card");
    card.setOnAction(e -> card.setSelected(true));
    return card;
  }

  void showProblems(String image, String kernel, String initrd) {
    imageBox.show(image);
    kernelBox.show(kernel);
    initrdBox.show(initrd);
  }
}
