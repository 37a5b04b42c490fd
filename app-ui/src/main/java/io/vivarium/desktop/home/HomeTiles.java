package io.vivarium.desktop.home;

import io.vivarium.desktop.check.HostSummary;
import io.vivarium.desktop.ui.Desk;
import io.vivarium.desktop.ui.Icons;
import io.vivarium.desktop.ui.Nodes;
import io.vivarium.desktop.ui.Texts;
import io.vivarium.desktop.wizard.WizardStart;
import javafx.geometry.Pos;
import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.ContentDisplay;
import javafx.scene.layout.HBox;
import javafx.scene.layout.VBox;
import org.kordamp.ikonli.Ikon;

/** What stands on the home page while there is no VM: three ways to begin, and the host check. */
final class HomeTiles extends VBox {
  HomeTiles(Desk desk) {
    Texts texts = desk.texts();
    getStyleClass().addAll("column", "home-empty");
    setAlignment(Pos.CENTER);
    HBox tiles =
        Nodes.row(
            "tiles",
            tile(
                "tile-image",
                Icons.READY,
                texts.get("tile.image"),
                texts.get("tile.image.text"),
                () -> desk.navigator().openWizard(WizardStart.GALLERY)),
            tile(
                "tile-kernel",
                Icons.KERNEL,
                texts.get("tile.kernel"),
                texts.get("tile.kernel.text"),
                () -> desk.navigator().openWizard(WizardStart.OWN_KERNEL)),
            tile(
                "tile-import",
                Icons.IMPORT,
                texts.get("tile.import"),
                texts.get("tile.import.text"),
                () -> desk.navigator().openWizard(WizardStart.IMPORT)));
    tiles.setAlignment(Pos.CENTER);
    getChildren()
        .addAll(
            Nodes.label(texts.get("empty.title"), "empty-title"),
            Nodes.label(texts.get("empty.text"), "empty-text"),
            tiles,
            new HostSummary(desk));
  }

  private static Button tile(String id, Ikon icon, String title, String text, Runnable action) {
    Node words =
        Nodes.column(
            "tile-words",
            Icons.of(icon, "tile-icon"),
            Nodes.label(title, "tile-title"),
            Nodes.paragraph(text, "tile-text"));
    Button tile = Nodes.id(new Button(), id);
    tile.setGraphic(words);
    tile.setContentDisplay(ContentDisplay.GRAPHIC_ONLY);
    tile.setAccessibleText(title + ". " + text);
    tile.getStyleClass().add("tile");
    tile.setOnAction(e -> action.run());
    return tile;
  }
}
