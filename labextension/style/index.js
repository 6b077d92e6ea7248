import './panel.css';
import './lists.css';
